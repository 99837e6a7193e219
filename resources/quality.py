"""What the lakehouse does with each quality bit: one place for SQL, pages and the dictionary.

A test holds `mart/stream_quality` and the masks of the staging models to it.
"""

from typing import Literal

from edge_ingest.records import Quality

#: What becomes of a sample that a rule flags. `left_out`: no number is made from what is flagged.
#: `not_shown`: it counts for load, and not for a team's shape or a picture. `shape_only`: the other
#: way round. `informative`: it counts like any other, and the share of such samples is told.
Effect = Literal["left_out", "not_shown", "shape_only", "informative"]

#: A place with one of these is not where somebody was: it has no segment in tracking/kinematics.
NO_PLACE = Quality.POOR_FIX | Quality.FROZEN | Quality.IDENTITY_SWAP
#: A place with one of these is drawn nowhere and gives no shape: a leap, off the field, no play.
NOT_SHOWN = Quality.IMPLAUSIBLE_SPEED | Quality.OUT_OF_FIELD | Quality.IDLE
#: A value of a signal with one of these is not used.
NO_VALUE = Quality.OUT_OF_RANGE | Quality.FROZEN | Quality.ARTEFACT

#: Of places. IMPLAUSIBLE_SPEED and _ACCELERATION take the speed, and so the load, from a sample.
OF_PLACES: dict[Quality, Effect] = {
    **dict.fromkeys(Quality, "informative"),
    **dict.fromkeys(NO_PLACE, "left_out"),
    Quality.IMPLAUSIBLE_SPEED: "left_out",
    Quality.IMPLAUSIBLE_ACCELERATION: "left_out",
    Quality.OUT_OF_RANGE: "left_out",
    Quality.OUT_OF_FIELD: "not_shown",
    Quality.IDLE: "not_shown",
    Quality.UNIDENTIFIED: "shape_only",
}
OF_SIGNALS: dict[Quality, Effect] = {
    **dict.fromkeys(Quality, "informative"),
    **dict.fromkeys(NO_VALUE, "left_out"),
}
OF_EVENTS: dict[Quality, Effect] = dict.fromkeys(Quality, "informative")
