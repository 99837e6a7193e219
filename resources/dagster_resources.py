"""The outside systems as Dagster resources.

They hold what Dagster may store and show: places, and no secrets. Passwords and keys come from the
environment of the process that opens a client. Whatever `open` gives is a context manager.
"""

import os
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from resources.addresses import without_password
from resources.backup.store import BackupStore, backup_store
from resources.environment import Settings, s3_options
from resources.iceberg.catalog import TableCatalog
from resources.iceberg.lakehouse import IcebergLakehouse
from resources.landing_trust import Trust, known_nodes
from resources.landing_zone import LandingZone, landing_zone
from resources.model_registry import ModelRegistry
from resources.report_store import ReportStore, report_store
from resources.served_model import ServedModels, kept_models


class LakehouseResource(dg.ConfigurableResource[IcebergLakehouse]):
    """The record.

    Attributes:
        catalog_uri: the catalogue, without its password.
        warehouse_uri: a folder or `s3://bucket/prefix`.
    """

    catalog_uri: str
    warehouse_uri: str

    def open(self) -> IcebergLakehouse:
        """A lakehouse of one's own; `with` closes its connections."""
        uri = _with_password(self.catalog_uri)
        return IcebergLakehouse(uri, self.warehouse_uri, s3_options())

    def open_catalog(self) -> TableCatalog:
        """The catalogue alone, for who looks after tables whatever is in them; close it."""
        return TableCatalog(_with_password(self.catalog_uri), self.warehouse_uri, s3_options())


class LandingZoneResource(dg.ConfigurableResource[LandingZone]):
    """What the edge delivered.

    Attributes:
        landing_uri: a folder or `s3://bucket/prefix`.
        club_timezone: IANA name of the zone that a *day* is told in.
        edge_keys: file of the public keys of edge nodes; empty: no node is known.
        are_signatures_required: whether a drop that no known node signed is refused.
        grace_s: how long what is not whole is taken for being on its way, s.
    """

    landing_uri: str
    club_timezone: str
    edge_keys: str = ""
    are_signatures_required: bool = False
    grace_s: int = 3600

    def today(self) -> date:
        """The club's day."""
        return datetime.now(ZoneInfo(self.club_timezone)).date()

    def open(self) -> LandingZone:
        """The landing zone as it is now.

        Raises:
            SettingsError: the list of nodes cannot be read.
        """
        return landing_zone(
            self.landing_uri,
            s3_options(),
            self.club_timezone,
            Trust(
                known_nodes(Path(self.edge_keys) if self.edge_keys else None),
                self.are_signatures_required,
            ),
            timedelta(seconds=self.grace_s),
        )


class ReportStoreResource(dg.ConfigurableResource[ReportStore]):
    """Where pages are kept.

    Attributes:
        report_uri: a folder or `s3://bucket/prefix`.
    """

    report_uri: str

    def open(self) -> ReportStore:
        """The report store."""
        return report_store(self.report_uri, s3_options())


class BackupResource(dg.ConfigurableResource[BackupStore]):
    """Where backups of catalogue and metadata are kept.

    Attributes:
        backup_uri: a folder or `s3://bucket/prefix`.
    """

    backup_uri: str

    def open(self) -> BackupStore:
        """The store of backups."""
        return backup_store(self.backup_uri, s3_options())


class ModelsResource(dg.ConfigurableResource[ModelRegistry]):
    """Trained models: the registry, and the champions that serve.

    Attributes:
        mlflow_uri: the registry, without its password.
        model_uri: a folder or `s3://bucket/prefix`.
    """

    mlflow_uri: str
    model_uri: str

    def registry(self) -> ModelRegistry:
        """The registry; nothing is opened before it is needed."""
        from resources.model_registry_mlflow import MlflowModelRegistry

        uri = self.registry_uri()
        # A tracking server keeps payloads in a place of its own.
        place = "" if uri.startswith("http") else f"{self.model_uri}/registered"
        return MlflowModelRegistry(uri, place, s3_options())

    def registry_uri(self) -> str:
        """Where the registry is, with the password that the environment has."""
        return _with_password(self.mlflow_uri, "SPORTS_MLFLOW_URI")

    def served(self) -> ServedModels:
        """The champions, also while the registry is down."""
        return ServedModels(self.registry(), kept_models(f"{self.model_uri}/served", s3_options()))


class FootageLookResource(dg.ConfigurableResource["FootageLookResource"]):
    """Who looks at footage.

    Attributes:
        detector: one of `resources.environment.VISION_DETECTORS`.
        model_path: of `onnx`; empty: none.
    """

    detector: str = "motion"
    model_path: str = ""


def resources_for(
    settings: Settings,
) -> dict[str, dg.ConfigurableResource[Any] | dg.PipesSubprocessClient]:
    """The resources of an environment, by the name under which assets ask for them."""
    return {
        "lakehouse": LakehouseResource(
            catalog_uri=without_password(settings.catalog_uri),
            warehouse_uri=settings.warehouse_uri,
        ),
        "landing_zone": LandingZoneResource(
            landing_uri=settings.landing_uri,
            club_timezone=settings.club_timezone,
            edge_keys=str(settings.edge_keys or ""),
            are_signatures_required=settings.are_signatures_required,
            grace_s=settings.landing_grace_s,
        ),
        "report_store": ReportStoreResource(report_uri=settings.report_uri),
        "backups": BackupResource(backup_uri=settings.backup_uri),
        "models": ModelsResource(
            mlflow_uri=without_password(settings.mlflow_uri), model_uri=settings.model_uri
        ),
        "footage_look": FootageLookResource(
            detector=settings.vision_detector, model_path=str(settings.vision_model or "")
        ),
        # One process a video: what a decoder breaks, or holds, is gone with it.
        "pipes": dg.PipesSubprocessClient(),
    }


def _with_password(uri: str, variable: str = "SPORTS_CATALOG_URI") -> str:
    """A URI as the environment has it, if it is the same one."""
    told = os.environ.get(variable, "")
    return told if told and without_password(told) == uri else uri
