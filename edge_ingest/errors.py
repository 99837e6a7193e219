"""What can go wrong at the edge. A message names the thing, the value and the remedy."""


class EdgeError(Exception):
    """Root of every error that this package raises on purpose."""


class ContractError(EdgeError):
    """Rows do not fit the table contract they claim."""


class SourceError(EdgeError):
    """A vendor's file cannot be read: wrong format, damaged, or a required part is missing."""


class DropError(EdgeError):
    """A drop is incomplete, altered, or made by a version that we do not read.

    Attributes:
        rule: which rule it breaks, in one word, for quarantine and tables.
    """

    def __init__(self, message: str, rule: str = "drop") -> None:
        super().__init__(message)
        self.rule = rule


class IncompleteDropError(DropError):
    """A file of a drop is not there whole, or cannot be read now. Transient: it may yet arrive."""
