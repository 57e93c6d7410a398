"""The whole program over real ports, against the simulated chamber served as its own process."""
