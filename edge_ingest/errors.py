"""What can go wrong at the edge. A message names the thing, the value and the remedy."""

#: Every rule that a file or a drop can break, and what it means. Quarantine names them.
RULES: dict[str, str] = {
    "unknown_format": "no reader knows the file",
    "malformed": "the file is damaged, cut short, or not what its name says",
    "incomplete": "a part of the recording, or something only the operator knows, is missing",
    "empty": "nothing was recorded",
    "too_large": "the file is, or says it is, larger than any real recording",
    "symlink": "a link stands where a file must stand",
    "path": "a name leads out of its folder",
    "entities": "the XML declares a document type or entities, which no recording needs",
    "duplicate_athlete": "two athletes bear one id",
    "clock_backwards": "the device's clock was set back during the recording",
    "absurd_values": "so many values cannot be true that the rest cannot be trusted",
    "contract": "rows do not fit their contract",
    "manifest": "the manifest cannot be read, or contradicts itself",
    "future_version": "made by a newer version than this one",
    "no_manifest": "files without a manifest",
    "missing": "a file that the manifest names is not there",
    "cut_short": "a file is shorter than the manifest says",
    "unreadable": "a file is no Parquet, or cannot be read",
    "checksum": "a file is not the one that was packed",
    "rows": "a file has another number of rows than the manifest says",
    "schema": "a file has other columns than its contract",
    "unknown_table": "a file is for a table that we do not know",
    "session": "a drop must carry the table sessions exactly once",
    "place": "a drop stands in a folder that is not its own",
    "unsigned": "a drop bears no signature",
    "signature": "a drop's signature is not that of a node we know",
    "drop": "anything else that is wrong with a drop",
}


class EdgeError(Exception):
    """Root of every error that this package raises on purpose."""


class ContractError(EdgeError):
    """Rows do not fit the table contract they claim."""

    rule = "contract"


class KeyFileError(EdgeError):
    """A key of a node, or the list of nodes' keys, cannot be used."""


class SourceError(EdgeError):
    """A vendor's file cannot be read: wrong format, damaged, or a required part is missing.

    Attributes:
        rule: which of `RULES` it breaks.
    """

    def __init__(self, message: str, rule: str = "malformed") -> None:
        super().__init__(message)
        self.rule = rule


class NothingRecordedError(SourceError):
    """A sound file that holds no session, such as a device's settings: passed over, not refused."""

    def __init__(self, message: str) -> None:
        super().__init__(message, rule="empty")


class DropError(EdgeError):
    """A drop is incomplete, altered, or made by a version that we do not read.

    Attributes:
        rule: which of `RULES` it breaks.
    """

    def __init__(self, message: str, rule: str = "drop") -> None:
        super().__init__(message)
        self.rule = rule


class IncompleteDropError(DropError):
    """A file of a drop is not there whole, or cannot be read now. Transient: it may yet arrive."""


class SettingsError(EdgeError):
    """A setting of the node is unknown or wrong."""


class NoSpaceError(EdgeError):
    """The disk is too full to take a recording in. Nothing was begun, and nothing is lost."""


class BusyError(EdgeError):
    """Another process of this node does the same already."""


class NormsError(EdgeError):
    """The file of personal norms cannot be used: damaged, contradictory, or of another version."""


class LiveError(EdgeError):
    """The live node cannot start, or a message to it is not what it must be."""
