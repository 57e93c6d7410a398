"""Drivers and simulated instruments against each other, over the loopback links and the worker."""
