"""The stadium side: read, clean, pack and send. No orchestrator, no lakehouse."""

__version__ = "0.1.0"
