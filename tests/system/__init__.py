"""Whole runs against the plant's truth: invariants at every scan, faults in every phase, commands at the worst time."""
