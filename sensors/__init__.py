"""Watches of the outside world. They name assets by key, and import none."""
