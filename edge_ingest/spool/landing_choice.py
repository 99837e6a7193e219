"""Which landing zone a node has."""

from pathlib import Path

from edge_ingest.node.settings import MEGABYTE, Node
from edge_ingest.spool.landing import LandingError, LandingTarget
from edge_ingest.spool.landing_folder import FolderLanding


def landing_target(node: Node) -> LandingTarget:
    """The landing zone of a node.

    Raises:
        LandingError: the URI is of no kind that we know.
    """
    uri = node.landing.uri
    if uri.startswith("s3://"):
        from edge_ingest.spool.landing_s3 import S3Landing, s3_client

        part_bytes = int(node.landing.part_mb * MEGABYTE)
        return S3Landing(s3_client(node.s3), uri, part_bytes)
    if "://" in uri:
        raise LandingError(
            f"the landing zone {uri} is of no kind that we know: give a folder or s3://bucket/prefix",
            is_permanent=True,
        )
    return FolderLanding(Path(uri), is_mount=node.landing.is_mount)
