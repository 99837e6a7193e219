"""Backups of what makes the lakehouse readable: catalogue, metadata, Dagster's storage."""
