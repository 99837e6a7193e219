"""Whose drops are loaded, and a word to whoever runs a lakehouse that believes everybody."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edge_ingest.drops.signing import read_public_keys
from edge_ingest.errors import KeyFileError
from resources.errors import SettingsError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

BLIND_TRUST = (
    "no edge node is known here, so drops are loaded whoever packed them, signed or not: set "
    "SPORTS_EDGE_KEYS to the file with the nodes' public lines (docs/landing-zone.md); "
    "SPORTS_ENV=aws refuses what no known node signed"
)

_told: set[str] = set()


@dataclass(frozen=True)
class Trust:
    """Whose drops are loaded.

    Attributes:
        known: public key of each edge node, by its name.
        is_required: whether a drop that none of them signed is refused; else it is doubted only.
    """

    known: "Mapping[str, Ed25519PublicKey]" = field(default_factory=dict)
    is_required: bool = False

    @property
    def is_blind(self) -> bool:
        """Whether nobody is known and everybody is believed."""
        return not self.known and not self.is_required


def known_nodes(path: Path | None) -> "Mapping[str, Ed25519PublicKey]":
    """Public keys of the edge nodes by name, from the file that SPORTS_EDGE_KEYS names.

    Raises:
        SettingsError: it cannot be read.
    """
    if path is None:
        return {}
    try:
        return read_public_keys(path.read_text(), str(path))
    except (OSError, UnicodeDecodeError, KeyFileError) as error:
        raise SettingsError(
            f"SPORTS_EDGE_KEYS cannot be read ({error}): set the file with the public lines of the "
            "edge nodes"
        ) from error


def warn_once(is_blind: bool, log: str, warn: Callable[[str], None]) -> None:
    """Say that everybody is believed, once a process in each log.

    Args:
        is_blind: whether that is so.
        log: which log `warn` writes to.
    """
    if is_blind and log not in _told:
        _told.add(log)
        warn(BLIND_TRUST)
