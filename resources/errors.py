"""What can go wrong with an outside system. A message names the thing, the value and the remedy."""


class ResourceError(Exception):
    """Root of every error that this package raises on purpose."""


class SettingsError(ResourceError):
    """An environment variable is missing or holds a value that no map knows."""


class TooLargeError(ResourceError):
    """A file has more bytes than it may have; none of them was read."""


class ForeignRowsError(ResourceError):
    """A write holds rows outside of what it said it would replace."""


class CommitConflictError(ResourceError):
    """Another writer kept winning, or what was read is no longer true. Transient: try again."""


class CatalogueUnavailableError(ResourceError):
    """The catalogue of tables does not answer; nothing was written. Transient: try again."""


class CatalogueRefusedError(ResourceError):
    """The catalogue of tables answers, and lets us do nothing. Its cause says why; it stays so."""


class TableEvolutionError(ResourceError):
    """A table cannot be what its contract says: a type changed, or is one that cannot be kept."""


class UnreadableTableError(ResourceError):
    """A table holds something that planned reading cannot honour, such as delete files."""


class ImmutableReportError(ResourceError):
    """A page that was published would be changed; a change is a new revision."""


class NotCommittedError(ResourceError):
    """A table that must be read first has never been committed."""


class UnknownReportError(ResourceError):
    """Nobody published such a report, or its page is no longer what was published."""


class UnknownNumberError(ResourceError):
    """A page has no such number, or its id leads to nothing that this lakehouse has."""


class DbtError(ResourceError):
    """dbt could not run, or its project does not say what the lakehouse must know."""


class FailedBuildError(ResourceError):
    """Some models were not published; everything that passed its tests was."""


class ApprovalError(ResourceError):
    """An approval says too little, or is of a model that nobody knows; nothing was sent."""


class BackupError(ResourceError):
    """A backup is damaged, or cannot be made or restored as things are; nothing serves from it."""


class AnalyserUnavailableError(ResourceError):
    """The service that labels pictures does not answer. Transient: try again."""


class AnalyserRefusedError(ResourceError):
    """The service that labels pictures lets us do nothing. Its cause says why; it stays so."""
