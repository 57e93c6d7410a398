"""The record: event log and samples."""
