"""At most two pictures a page, chosen by what the session has."""

from typing import Final

from sports_assets.reports.facts import SessionFacts
from sports_assets.reports.svg import Picture

MOST: Final = 2


def draw_pictures(facts: SessionFacts) -> tuple[Picture, ...]:
    """Draw what there is: laps, else shape of a match, shots and passes, or a route."""
    from sports_assets.reports import (
        pictures_endurance,
        pictures_events,
        pictures_laps,
        pictures_shape,
    )

    drawers = (
        pictures_laps.circuit,
        pictures_laps.lap_times,
        pictures_shape.mean_places,
        pictures_shape.shape_over_time,
        pictures_events.shots,
        pictures_events.passes_over_time,
        pictures_endurance.route,
        pictures_endurance.course,
    )
    drawn: list[Picture] = []
    for draw in drawers:
        if len(drawn) < MOST and (picture := draw(facts)):
            drawn.append(picture)
    return tuple(drawn)
