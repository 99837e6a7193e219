"""Keeping the lakehouse small: what is to be done, and what was."""
