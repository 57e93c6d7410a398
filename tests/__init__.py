"""Tests: they mirror the two trees; `vectors/` are the shared facts, `agreement/` is where both sides meet."""
