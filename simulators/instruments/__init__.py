"""The simulated instruments, one file per instrument, named as the drivers are."""
