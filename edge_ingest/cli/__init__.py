"""`edge-ingest`: the command of the stadium side. Thin: each command calls one module.

Each command imports what it needs and no more, so that `--help` answers at once.
"""

from edge_ingest.cli import recordings as recordings
from edge_ingest.cli.console import app

__all__ = ["app"]
