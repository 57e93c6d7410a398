"""The simulated chamber as real ports of this machine: ptys and TCP sockets, on a real clock.

`loop` holds the server, `connectors` the ports it opens, `requests` how bytes of several clients are kept apart,
`timekeeping` its time, `truth` the socket on which tests ask the plant.
"""
