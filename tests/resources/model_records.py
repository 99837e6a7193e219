"""Trained models for tests of the registry: small, and made in one line."""

from datetime import UTC, date, datetime
from pathlib import Path

from resources.model_registry import Because, RunRecord
from resources.model_registry_mlflow import MlflowModelRegistry
from resources.provenance import DropRef, ProvenanceRef

NAME = "injury_risk"
AT = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
BECAUSE = Because("A. Physio", "looks right", AT)


def registry_in(folder: Path) -> MlflowModelRegistry:
    return MlflowModelRegistry(
        f"sqlite:///{folder}/mlflow/mlflow.db", str(folder / "mlflow" / "artifacts"), {}
    )


def record(
    name: str = NAME, *, at: datetime = AT, trained_through: date | None = None
) -> RunRecord:
    return RunRecord(
        model_name=name,
        created_at_utc=at,
        trained_through=trained_through or date(2026, 11, 18),
        reason="drift: chronic load",
        provenance=ProvenanceRef(
            drops=(DropRef(drop_id="d1", stream_id="s1", revision=1),),
            snapshots={"core/athlete_day": 7},
            settings={"seed": "1"},
            code_version="0.1.0+abc",
        ),
        params={"num_leaves": 7},
        metrics={"roc_auc": 0.71, "calibration_slope": float("nan")},
        artifacts={"model_card.md": b"# Card", "pictures/reliability.png": b"\x89PNG"},
        dataset={"rows": 1200, "events": 60},
        tags={"dagster_run_id": "r1"},
    )
