"""How full the node may get: asked before something is begun, not found out in the middle of it."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from edge_ingest.drops.history import SETTLED
from edge_ingest.errors import NoSpaceError
from edge_ingest.node.settings import GIGABYTE, Node

#: A drop is no larger than its source but for this, B: the overhead of small Parquet files.
OVERHEAD_BYTES = 1_000_000


@dataclass(frozen=True)
class Space:
    """Room on the node's disk, B. `quota_bytes` is None where there is none."""

    used_bytes: int
    free_bytes: int
    floor_bytes: int
    quota_bytes: int | None

    def lacks(self, more_used: int, less_free: int) -> int:
        """How much room is missing for this, B; 0 where it fits.

        Args:
            more_used: B by which the node's own folders grow.
            less_free: B by which the disk's free space shrinks.
        """
        over_quota = 0
        if self.quota_bytes is not None:
            over_quota = self.used_bytes + more_used - self.quota_bytes
        return max(0, over_quota, self.floor_bytes + less_free - self.free_bytes)


def space(node: Node) -> Space:
    """What there is now."""
    node.home.mkdir(parents=True, exist_ok=True)
    quota = node.disk.quota_gb
    return Space(
        used_bytes=sum(size_of(one) for one in (node.outbox, node.kept, node.quarantine)),
        free_bytes=shutil.disk_usage(node.home).free,
        floor_bytes=int(node.disk.free_floor_gb * GIGABYTE),
        quota_bytes=int(quota * GIGABYTE) if quota else None,
    )


def no_space(found: Space, name: str, missing: int) -> NoSpaceError:
    """What to tell whoever wanted to have a recording taken in."""
    limit = f"{found.floor_bytes / GIGABYTE:.2f} GB stay free (disk.free_floor_gb)"
    if found.quota_bytes is not None:
        limit += f", and the node fills {found.quota_bytes / GIGABYTE:.2f} GB (disk.quota_gb)"
    return NoSpaceError(
        f"no room for {name}: {missing / 1e6:,.1f} MB are missing if {limit}: let what waits be "
        "sent, or free space; the file stays where it is, and is taken once there is room"
    )


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder but for the notes on drops that are settled."""
    total = 0
    for where, folders, names in os.walk(folder):
        # Two small notes a drop for years: to go through them would cost more than they weigh.
        folders[:] = [name for name in folders if name != SETTLED]
        for name in names:
            try:
                total += os.lstat(os.path.join(where, name)).st_size  # noqa: PTH118 - many files
            except FileNotFoundError:
                continue  # it was sent meanwhile
    return total
