"""Bytes to and from instruments: framing, links, and one worker per link."""
