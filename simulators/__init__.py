"""A simulated chamber: one plant that obeys physics, and instruments that speak real wire protocols over it.

Nothing here imports pvdctl: these are other people's instruments, written from their manuals.
"""
