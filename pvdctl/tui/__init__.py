"""The operator's terminal screens: a client of the service like any other. Leaving them ends nothing."""
