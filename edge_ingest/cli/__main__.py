"""`python -m edge_ingest.cli`."""

from edge_ingest.cli import app

app()
