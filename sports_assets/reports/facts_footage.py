"""What the session's footage showed, as far as the session's own page tells it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class UsualFormation:
    """The formation that a side stood in most, over whole windows.

    Attributes:
        windows: windows of that formation.
        told: windows of the side in which any formation could be told.
    """

    team_side: str
    formation: str
    windows: int
    told: int


@dataclass(frozen=True)
class FootageFacts:
    """The newest footage page, and what it says in short.

    Attributes:
        revision: of the footage page.
    """

    revision: int
    formations: tuple[UsualFormation, ...] = ()

    @property
    def link(self) -> str:
        """From the session's page to the footage page, which lies beside it."""
        return f"footage-r{self.revision:04d}.html"
