"""Drivers alone, against the shared vectors and scripted conversations."""
