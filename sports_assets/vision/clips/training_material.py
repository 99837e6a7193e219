"""What a training set is made of, from the lakehouse and the object store."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from edge_ingest.contract import TableContract
from edge_ingest.records import FOOTAGE
from resources.stored_object import local_copy
from resources.vision_contracts import VISION_CLIP, VISION_POSITIONS
from sports_assets.vision.clips.training_set import (
    SessionMaterial,
    SetSettings,
    TrainingSet,
    TrainingSetError,
    write_training_set,
)

if TYPE_CHECKING:
    from resources.lakehouse import Lakehouse


def export_training_set(
    store: "Lakehouse",
    s3: Mapping[str, str],
    session_ids: Sequence[str],
    into: Path,
    settings: SetSettings | None = None,
) -> TrainingSet:
    """Write the training set of some sessions; see `training_set.write_training_set`.

    Args:
        s3: options of the object store, as in `Settings.s3`.

    Raises:
        TrainingSetError: as there; or no session is named, or its footage is gone.
    """
    if not session_ids:
        raise TrainingSetError("name one session at least")
    material = [
        SessionMaterial(
            session,
            _rows(store, VISION_CLIP, session),
            _rows(store, FOOTAGE, session),
            _rows(store, VISION_POSITIONS, session),
        )
        for session in sorted(set(session_ids))
    ]

    @contextmanager
    def opened(uri: str) -> Iterator[Path]:
        with _opened(uri, s3, into) as path:
            yield path

    return write_training_set(material, into, opened, settings)


@contextmanager
def _opened(uri: str, s3: Mapping[str, str], near: Path) -> Iterator[Path]:
    try:
        with local_copy(uri, s3, near.parent) as path:
            yield path
    except FileNotFoundError as error:
        raise TrainingSetError(
            f"the footage is gone from {uri}: bring it back there, or leave the session out"
        ) from error


def _rows(store: "Lakehouse", contract: TableContract, session_id: str) -> pa.Table:
    with store.connect() as connection:
        store.view(connection, contract, "told", [session_id])
        return contract.conform(connection.execute("from told").to_arrow_table())
