"""The inside of the simulated I/O coupler: its wiring to the plant and its watchdog."""
