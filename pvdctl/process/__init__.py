"""The running process: image, interlocks, unit state machine, phases, rate control, scan, alarms."""
