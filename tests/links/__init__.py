"""Framings, links, worker and schedule."""
