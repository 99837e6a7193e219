"""What files of one source in one folder make: a recording, several, or one that lacks a part."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edge_ingest.errors import SourceError
from edge_ingest.intake.sidecar import FOLDER_SIDECAR, SUFFIX, Sidecar
from edge_ingest.readers import READERS
from edge_ingest.recording import Told


@dataclass(frozen=True)
class Candidate:
    """Files that make one recording, or would if they were all there.

    Attributes:
        files: everything that belongs to it alone, the sidecar last.
        source: None where nobody knows it.
        lacks: why it is not whole yet; it may come.
        fault: why it will never be one.
        trouble: why it cannot be looked at now.
        shared: files that serve others of the folder, too; they leave with the last one.
        others: first file of each of those.
    """

    files: tuple[Path, ...]
    source: str | None = None
    parts: Mapping[str, Path] = field(default_factory=dict)
    told: Told = field(default_factory=Told)
    lacks: SourceError | None = None
    fault: SourceError | None = None
    trouble: OSError | None = None
    shared: tuple[Path, ...] = ()
    others: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        """What to call it: its file, or the folder of one that needs several."""
        entry = READERS.get(self.source or "")
        needs_several = entry is not None and (len(entry.parts) - len(entry.optional) > 1)
        is_folder = needs_several or (entry is not None and bool(entry.beside))
        return self.files[0].parent.name if is_folder else self.files[0].name

    @property
    def everything(self) -> tuple[Path, ...]:
        """Its files, and those that it shares."""
        return (*self.files, *self.shared)

    def leaving(self) -> tuple[Path, ...]:
        """The files that leave the folder with it: shared ones with the last that needs them."""
        return self.files if any(path.exists() for path in self.others) else self.everything


@dataclass(frozen=True)
class Member:
    """A file, what its sidecar says, and what part of what source it may be."""

    file: Path
    said: Sidecar
    sidecar: Path | None
    kinds: tuple[tuple[str, str], ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """The file, and its sidecar if it has one."""
        return (self.file, self.sidecar) if self.sidecar else (self.file,)


def joined(source: str, found: list[tuple[str, Member]]) -> list[Candidate]:
    """What files of one source in one folder make.

    Args:
        found: each with its part; an empty one where it only has to stand beside the others.
    """
    entry = READERS[source]
    if len(entry.parts) == 1 and not entry.beside:
        return [
            Candidate(one.files, source, {part: one.file}, one.said.told) for part, one in found
        ]
    needed = [part for part in entry.parts if part not in entry.optional]
    first = [one for part, one in found if part == needed[0]]
    rest = [(part, one) for part, one in found if part != needed[0]]
    if len(needed) == 1 < len(first):
        return _each(source, needed[0], first, rest)
    everything = [path for one in first for path in one.files]
    everything += [path for _, one in rest for path in one.files]
    order = tuple(sorted(everything, key=lambda path: path.suffix == SUFFIX))
    parts = {part: one.file for part, one in found if part}
    count = Counter(part for part, _ in found)
    parts |= {part: parts[part].parent for part in entry.many if count[part] > 1}
    if twice := _twice(source, found):
        return [Candidate(order, source, parts, lacks=twice)]
    told = next((one.said.told for _, one in found if one.said.told != Told()), Told())
    lacks = lacks_part(source, parts, found[0][1].file.parent)
    return [Candidate(order, source, parts, told, lacks=lacks)]


def _each(
    source: str, part: str, first: Sequence[Member], rest: Sequence[tuple[str, Member]]
) -> list[Candidate]:
    """A recording of each file of the one part that is needed, all with the same other parts."""
    everything = tuple(path for one in first for path in one.files)
    if READERS[source].beside:  # what stands beside belongs to one of them alone
        others = tuple(path for _, one in rest for path in one.files)
        return [
            Candidate(
                (*everything, *others), source, lacks=_two(first[0], first[1], (source, part))
            )
        ]
    if twice := _twice(source, rest):
        others = tuple(path for _, one in rest for path in one.files)
        return [Candidate((*everything, *others), source, lacks=twice)]
    shared = tuple(path for _, one in rest for path in one.files)
    more = {name: one.file for name, one in rest}
    return [
        Candidate(
            one.files, source, {part: one.file, **more}, one.said.told,
            shared=shared,
            others=tuple(other.file for other in first if other is not one) if shared else (),
        )
        for one in first
    ]  # fmt: skip


def lacks_part(source: str | None, parts: Mapping[str, Path], folder: Path) -> SourceError | None:
    """Why a recording of these parts is not whole yet; None where it is.

    Raises:
        SourceError: nobody knows the source.
    """
    if source is None:
        raise SourceError(
            f"no reader knows the files in {folder.name}: name the source in {FOLDER_SIDECAR}",
            rule="unknown_format",
        )
    entry = READERS[source]
    missing = [part for part in entry.parts if part not in (*entry.optional, *parts)]
    if not missing:
        return None
    listed = ", ".join(f"{part} ({entry.parts[part]})" for part in missing)
    return SourceError(
        f"{source} also needs {listed}: put all its files into one folder", rule="incomplete"
    )


def _twice(source: str, found: Sequence[tuple[str, Member]]) -> SourceError | None:
    known: dict[str, Member] = {}
    for part, one in found:
        if part and part in known and part not in READERS[source].many:
            return _two(known[part], one, (source, part))
        known[part] = one
    return None


def _two(one: Member, other: Member, known: tuple[str, str]) -> SourceError:
    return SourceError(
        f"{other.file.name} and {one.file.name} are both the {known[1]} of {known[0]}: put each "
        "recording into a folder of its own",
        rule="incomplete",
    )
