"""What can be wrong with athlete-days. A message names the column, the value and the remedy."""


class WorkloadError(Exception):
    """Root of every error that this package raises on purpose."""


class AthleteDaysError(WorkloadError):
    """Rows are no athlete-days: a column is missing, or a value cannot be."""


class FixturesError(WorkloadError):
    """The published plan cannot be read as fixtures."""
