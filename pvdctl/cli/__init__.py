"""The command line: one file per group of commands, and `assemble`, which wires the rooms together."""
