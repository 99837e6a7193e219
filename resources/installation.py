"""The outside systems of this environment, opened without Dagster: for whoever only looks."""

from datetime import timedelta

from resources.environment import Settings
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.landing_trust import Trust, known_nodes
from resources.landing_zone import LandingZone, landing_zone
from resources.report_store import ReportStore, report_store


def lakehouse_of(settings: Settings) -> IcebergLakehouse:
    """The record; `with` closes its connections."""
    return IcebergLakehouse(settings.catalog_uri, settings.warehouse_uri, settings.s3)


def landing_of(settings: Settings) -> LandingZone:
    """The landing zone as it is now.

    Raises:
        SettingsError: the list of nodes cannot be read.
    """
    trust = Trust(known_nodes(settings.edge_keys), settings.are_signatures_required)
    grace = timedelta(seconds=settings.landing_grace_s)
    return landing_zone(settings.landing_uri, settings.s3, settings.club_timezone, trust, grace)


def reports_of(settings: Settings) -> ReportStore:
    """The report store."""
    return report_store(settings.report_uri, settings.s3)
