"""What the lakehouse's own people tell, sent into the landing zone as a drop like any other.

By the edge's own hand: packed and signed beside, then brought there file after file with the
manifest last. Nothing is left behind where that fails: whoever told it is told so, and tells it
again.
"""

import random
import time
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from edge_ingest.drops.drop import pack_days
from edge_ingest.drops.signing import NodeKey, check_signature
from edge_ingest.errors import DropError
from edge_ingest.recording import DayRecords
from edge_ingest.spool.landing import LandingTarget
from edge_ingest.spool.landing_folder import FolderLanding
from edge_ingest.spool.outbox import Outbox
from edge_ingest.spool.sender import Sender
from resources.environment import Settings
from resources.errors import SettingsError
from resources.landing_trust import known_nodes
from resources.object_store import is_s3

#: No drop of this making is nearly as large; a larger file would go in parts, B.
_PART_BYTES = 16_000_000


def send_days(
    records: DayRecords, settings: Settings, packed_at_utc: datetime, key: NodeKey | None = None
) -> str:
    """Pack records of days and bring them into the landing zone of an environment.

    Args:
        packed_at_utc: now.
        key: signs the drop; None leaves it unsigned.

    Returns:
        Where the drop stands: `<stream_id>/r0001`.

    Raises:
        SettingsError: here a drop must be signed, and there is no key.
        DropError: here a drop must be signed, and the key is of no node that is known.
        ContractError: rows do not fit their contract.
        LandingError: the landing zone did not take it.
    """
    if settings.are_signatures_required and key is None:
        raise SettingsError(
            f"SPORTS_ENV={settings.environment} loads what a known node signed, and no key is "
            "given: make one with `edge-ingest keygen NAME`, add its public line to the list of "
            "nodes (SPORTS_EDGE_KEYS), and give it by --key or SPORTS_EDGE_KEY"
        )
    with TemporaryDirectory(prefix="touchline-") as folder:
        drop = pack_days(records, Path(folder), packed_at_utc, key)
        if settings.are_signatures_required:
            check_signature(drop.manifest, known_nodes(settings.edge_keys))
        sender = Sender(
            Outbox(Path(folder)), _target(settings), lambda: packed_at_utc, time.monotonic,
            random.Random(),  # noqa: S311 - jitter is no secret
        )  # fmt: skip
        done = sender.round()
    if done.fault is not None:
        raise done.fault
    if not done.sent:
        raise DropError("; ".join([*done.stuck.values(), *done.damaged.values()]))
    return done.sent[0].place


def _target(settings: Settings) -> LandingTarget:
    if not is_s3(settings.landing_uri):
        return FolderLanding(Path(settings.landing_uri))
    from edge_ingest.node.settings import S3Settings
    from edge_ingest.spool.landing_s3 import S3Landing, s3_client

    told = {name.replace("-", "_"): value for name, value in settings.s3.items()}
    return S3Landing(s3_client(S3Settings.model_validate(told)), settings.landing_uri, _PART_BYTES)
