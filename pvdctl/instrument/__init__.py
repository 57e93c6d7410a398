"""The words a driver is written in: tags, polls, acts, identity, and the roles the process knows."""
