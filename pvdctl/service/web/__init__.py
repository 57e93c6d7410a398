"""The web server: a process beside the control process, which it only asks and listens to."""
