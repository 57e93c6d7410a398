"""Figures that are measured and not asserted: `make bench` prints them. Fast tests elsewhere assert what must hold."""
