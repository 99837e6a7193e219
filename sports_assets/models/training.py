"""From a model that was trained to a version in the registry, with its card beside."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from resources.model_contracts import SIMULATED_TAG
from resources.model_registry import Alias, Because, ModelRegistry, ModelVersion, RunRecord
from resources.provenance import ProvenanceRef
from resources.report_store import ReportStore
from sports_assets.mlops.model_card import Told, render_model_card
from sports_assets.models.shape import Judgement, Trained

#: The tag under which a version's judgement is kept.
JUDGEMENT_TAG = "judgement"
#: The tag under which it is kept what a version was made from.
BASIS_TAG = "basis"
#: Pages of models stand in the report store by this name and the version.
CARD_PREFIX = "model-card-"


@dataclass(frozen=True)
class Registered:
    """A version, and where its card is."""

    version: ModelVersion
    card_uri: str


def register(
    registry: ModelRegistry,
    shelf: ReportStore,
    name: str,
    trained: Trained,
    *,
    provenance: ProvenanceRef,
    reason: str,
    at_utc: datetime,
    tags: Mapping[str, str],
) -> Registered:
    """Keep a trained model, make it the challenger, and write its card.

    A model whose bytes and judgement are those of a version that is there already, or whose bytes
    are the champion's, is not registered again: the same inputs, seed and code give the same
    version, however often a run is repeated. Of two trainings at once the one that began later is
    the challenger, whichever ends last.

    Raises:
        RegistryUnavailableError: the registry does not answer. Nothing serves that did not before.
        AliasMovedError: another training made a challenger meanwhile: try again.
    """
    card = replace(trained.card, model=name, provenance=provenance)
    if (found := trained.judgement.comparison) is not None:
        beside = f"beside version {trained.judgement.compared_with}, on athletes held out of both"
        told = f"{found.metric} {found.estimate:+.3g} ({found.low:+.3g} to {found.high:+.3g})"
        card = replace(card, data=(*card.data, Told(beside, told)))
    sha256 = hashlib.sha256(trained.payload).hexdigest()
    champion = registry.history(name, Alias.CHAMPION).current
    judged = trained.judgement.to_json()
    # Judged beside another champion it may be decided on otherwise.
    version = next(
        (
            one
            for one in registry.versions(name)
            if one.sha256 == sha256
            and (one.version == champion or one.tags.get(JUDGEMENT_TAG) == judged)
        ),
        None,
    )
    if version is None:
        record = RunRecord(
            model_name=name,
            created_at_utc=at_utc,
            trained_through=trained.trained_through,
            reason=reason,
            provenance=provenance,
            params=trained.params,
            metrics={n: v for n, v in trained.judgement.metrics.items() if v == v},  # noqa: PLR0124
            artifacts={"model_card.html": render_model_card(card).encode()},
            dataset=trained.dataset,
            tags={
                **tags,
                JUDGEMENT_TAG: judged,
                # Without the drops, which stand in the run's own record: a tag is short.
                BASIS_TAG: provenance.model_copy(update={"drops": ()}).to_json(),
            },
        )
        version = registry.log_and_register(record, trained.payload)
    before = registry.history(name, Alias.CHALLENGER).current
    is_late = _began_later(registry, name, before, at_utc)
    if version.version not in {before, champion} and not is_late:
        because = Because("model/" + name, reason, at_utc)
        registry.set_alias(
            name, Alias.CHALLENGER, version.version, expected=before, because=because
        )
    page = render_model_card(replace(card, version=str(version.version)))
    kept = CARD_PREFIX + name
    if version.version in shelf.revisions(kept):
        return Registered(version, shelf.uri(kept, version.version))
    return Registered(version, shelf.write(kept, version.version, page))


def _began_later(
    registry: ModelRegistry, name: str, challenger: int | None, at_utc: datetime
) -> bool:
    """Whether a training that began after this one has ended before it."""
    if challenger is None:
        return False
    return registry.version(name, challenger).created_at_utc > at_utc


def judgement_of(version: ModelVersion) -> Judgement | None:
    """What a version's evaluation came to; None for one that somebody else registered."""
    told = version.tags.get(JUDGEMENT_TAG)
    return Judgement.from_json(told) if told else None


def is_of_simulated(version: ModelVersion) -> bool:
    """Whether a version learned from athletes who were made up."""
    return version.tags.get(SIMULATED_TAG) == "true"
