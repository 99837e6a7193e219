"""`edge-ingest`: the command of the stadium side. Thin: each command calls one module.

Each command imports what it needs and no more, so that `--help` answers at once.
"""

from edge_ingest.cli import athletes as athletes
from edge_ingest.cli import doctor as doctor
from edge_ingest.cli import footage as footage
from edge_ingest.cli import keys as keys
from edge_ingest.cli import live as live
from edge_ingest.cli import recordings as recordings
from edge_ingest.cli import send as send
from edge_ingest.cli import status as status
from edge_ingest.cli import watch as watch
from edge_ingest.cli.console import app

__all__ = ["app"]
