"""The Dagster code location: one folder a capability."""
