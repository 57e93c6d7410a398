"""The inside of the simulated SQC-310: packets, parameters, thickness arithmetic and the run state.

The instrument itself, and all that is guessed about it, is `simulators.instruments.inficon_sqc310`.
"""
