"""`python -m sports_assets`."""

from sports_assets.cli import app

app(prog_name="python -m sports_assets")
