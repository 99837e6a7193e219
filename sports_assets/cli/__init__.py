"""`python -m sports_assets`: what an operator asks of an installation. Thin: each command calls one
module, and imports what it needs and no more, so that `--help` answers at once.
"""

from sports_assets.cli import (
    approve,
    backup,
    clip,
    doctor,
    explain,
    restore,
    rollback,
    training_set,
)
from sports_assets.cli.console import app

__all__ = [
    "app",
    "approve",
    "backup",
    "clip",
    "doctor",
    "explain",
    "restore",
    "rollback",
    "training_set",
]
