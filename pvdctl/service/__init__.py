"""The service that owns the chamber: a control process, a web server beside it, and what they say to each other."""
