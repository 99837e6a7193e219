"""Every model of the lakehouse."""

from typing import Final

from sports_assets.models.injury_risk.shape import InjuryRiskKind
from sports_assets.models.load_advice.shape import LoadAdviceKind
from sports_assets.models.readiness.shape import ReadinessKind
from sports_assets.models.recovery.shape import RecoveryKind
from sports_assets.models.shape import ModelKind

KINDS: Final[tuple[ModelKind, ...]] = (
    InjuryRiskKind(),
    ReadinessKind(),
    RecoveryKind(),
    LoadAdviceKind(),
)
