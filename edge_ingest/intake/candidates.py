"""Which files of a watched folder make one recording.

A file of a source that has one part is a recording by itself. Files of a source that has several
belong together if they stand in one folder; where only one of its parts is needed, each file of
that part is a recording, and the others (the corners of a pitch) serve all of them.
`recording.toml` speaks for its folder: for the one recording in it, or for each of several.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path

from edge_ingest.errors import SourceError
from edge_ingest.inputs import check_file
from edge_ingest.intake.joining import Candidate, Member, joined, lacks_part
from edge_ingest.intake.sidecar import FOLDER_SIDECAR, SUFFIX, Sidecar, read_sidecar
from edge_ingest.readers import READERS, accepts
from edge_ingest.readers.recognise import serves
from edge_ingest.recording import Told

_ANY_SIZE = 1 << 62
#: Two recordings of one folder cannot share these.
_ONE_EACH = ("athlete_id", "device_id")


def candidates(seen: Iterable[Path], root: Path) -> list[Candidate]:
    """What the files in a watched folder make; reads how each of them begins."""
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for path in sorted(seen):
        by_folder[path.parent].append(path)
    found = []
    for folder, files in by_folder.items():
        whole = folder / FOLDER_SIDECAR
        if whole in files and folder != root:
            found += _with_folder_sidecar(whole, [file for file in files if file != whole])
        else:
            found += _separate(files) if folder == root else _with_strangers(_separate(files))
    return found


def _with_folder_sidecar(sidecar: Path, files: list[Path]) -> list[Candidate]:
    """Recordings of a folder that `recording.toml` speaks for."""
    try:
        said = read_sidecar(sidecar)
        if not files:
            alone = f"{sidecar} stands alone: put the files beside it"
            return [Candidate((sidecar,), lacks=SourceError(alone, rule="incomplete"))]
        if said.parts is not None:
            return [_named(sidecar, said, said.parts, files)]
        return _spoken_for(sidecar, said, files)
    except SourceError as error:
        is_early = error.rule == "incomplete"
        everything = (*files, sidecar)
        return [
            Candidate(everything, lacks=error) if is_early else Candidate(everything, fault=error)
        ]
    except OSError as error:
        return [Candidate((*files, sidecar), trouble=error)]


def _named(sidecar: Path, said: Sidecar, named: Mapping[str, str], files: list[Path]) -> Candidate:
    """The recording whose parts a folder's sidecar names."""
    by_name = {file.name: file for file in files}
    if gone := [name for name in named.values() if name not in by_name]:
        raise SourceError(
            f"{sidecar} names {', '.join(gone)}, which is not there", rule="incomplete"
        )
    parts = {part: by_name[name] for part, name in named.items()}
    shown = [found for file in parts.values() if (found := {one for one, _ in serves(file)})]
    fitting = set.intersection(*shown) if shown else set()
    source = said.source or (fitting.pop() if len(fitting) == 1 else None)
    lacks = lacks_part(source, parts, sidecar.parent)
    order = sorted(files, key=lambda file: file not in parts.values())
    return Candidate((*order, sidecar), source, parts, said.told, lacks=lacks)


def _spoken_for(sidecar: Path, said: Sidecar, files: list[Path]) -> list[Candidate]:
    """What the files show, with what the folder's sidecar adds."""
    found = _separate(files, said.source)
    sound = [one for one in found if not (one.fault and one.fault.rule == "unknown_format")]
    unknown = [file for one in found if one not in sound for file in one.files]
    entry = READERS.get(said.source or "")
    if not sound and entry is not None and len(files) == 1 == len(entry.needed):
        (part,) = entry.needed
        return [Candidate((*files, sidecar), said.source, {part: files[0]}, said.told)]
    if not sound:
        lacks_part(None, {}, sidecar.parent)
    with_parts = [one for one in sound if one.parts]
    if len(sound) == 1:
        (one,) = sound
        order = sorted((*one.files, *unknown), key=lambda path: path.suffix == SUFFIX)
        return [replace(one, files=(*order, sidecar), told=_over(said.told, one.told))]
    for name in _ONE_EACH:
        if getattr(said.told, name) is not None:
            raise SourceError(
                f"{sidecar} says {name}, and there are {len(with_parts)} recordings beside it: "
                f"write it into a file of each, such as {with_parts[0].files[0].name}{SUFFIX}"
                if with_parts else f"{sidecar} says {name}, and the files are not one recording"
            )  # fmt: skip
    firsts = [one.files[0] for one in sound]
    return [
        replace(
            one,
            told=_over(_only(said.told, one.source), one.told),
            shared=tuple(dict.fromkeys((*one.shared, *unknown, sidecar))),
            others=tuple(file for file in firsts if file != one.files[0]),
        )
        for one in sound
    ]


def _separate(files: list[Path], only: str | None = None) -> list[Candidate]:
    """Recordings among the files of a folder; `only` of one source, where it is known."""
    beside = {sidecar for file in files if (sidecar := _sidecar_of(file, files))}
    found: list[Candidate] = []
    members: list[Member] = []
    for file in files:
        if file in beside or file.suffix == SUFFIX:
            continue  # a sidecar whose file has not come yet waits for it
        sidecar = _sidecar_of(file, files)
        everything = (file, sidecar) if sidecar else (file,)
        try:
            check_file(file, _ANY_SIZE)
            said = read_sidecar(sidecar) if sidecar else Sidecar()
            members.append(Member(file, said, sidecar, _kinds(file, said, only)))
        except SourceError as error:
            found.append(Candidate(everything, fault=error))
        except OSError as error:
            found.append(Candidate(everything, trouble=error))
    certain = {one.kinds[0][0] for one in members if len(one.kinds) == 1}
    together: dict[str, list[tuple[str, Member]]] = defaultdict(list)
    for one in members:
        # A pitch's corners look alike for every vest, and a match is described alike for tracking
        # and for events: the files beside it tell what it serves.
        kinds = [kind for kind in one.kinds if len(one.kinds) == 1 or kind[0] in certain]
        for source, part in kinds:
            together[source].append((part, one))
        if not kinds:
            names = " or ".join(f"{part} of {source}" for source, part in one.kinds)
            lacks = SourceError(
                f"{one.file.name} is {names}: put it into one folder with the rest of it, or write "
                f'source = "{one.kinds[0][0]}", or the other, into {one.file.name}{SUFFIX} there',
                rule="incomplete",
            )
            found.append(Candidate(one.files, lacks=lacks))
    for source, parts in together.items():
        found += joined(source, parts)
    return sorted(_sharing(found), key=lambda one: one.files[0])


def _sharing(found: list[Candidate]) -> list[Candidate]:
    """Files that several recordings need stay until the last of these is taken."""
    needed = Counter(path for one in found for path in one.files)
    common = {path for path, count in needed.items() if count > 1}
    own = [tuple(path for path in one.files if path not in common) for one in found]
    return [
        replace(
            one,
            files=mine,
            told=_only(one.told, one.source),
            shared=(*one.shared, *(path for path in one.files if path in common)),
            others=(*one.others, *(theirs[0] for theirs in own if theirs and theirs != mine)),
        )
        if mine and len(mine) < len(one.files)
        else one
        for one, mine in zip(found, own, strict=True)
    ]


def _kinds(file: Path, said: Sidecar, only: str | None) -> tuple[tuple[str, str], ...]:
    """Which part of which source a file may be, by its sidecar or by how it begins."""
    if said.parts is not None:
        raise SourceError(
            f"the sidecar of {file.name} has parts: put the files of one recording into a folder, "
            f"with {FOLDER_SIDECAR}"
        )
    wanted = said.source or only
    known = tuple(kind for kind in serves(file) if wanted in {None, kind[0]})
    if known:
        return known
    for source, entry in READERS.items():
        if entry.beside and re.fullmatch(entry.beside, file.name) and wanted in {None, source}:
            return ((source, ""),)
    if said.source is not None:
        needed = READERS[said.source].needed
        if len(needed) == 1:
            return ((said.source, needed[0]),)
        raise SourceError(
            f"which part of {said.source} is {file.name}? Put its files into a folder, with "
            f"{FOLDER_SIDECAR} that names them",
            rule="unknown_format",
        )
    raise SourceError(
        f"no reader knows {file.name} by how it begins: export it again if it is damaged; if one "
        f'of `edge-ingest sources` reads it, write source = "…" into {file.name}{SUFFIX} beside it',
        rule="unknown_format",
    )


def _with_strangers(found: list[Candidate]) -> list[Candidate]:
    """Files that nobody knows, beside a recording that lacks a part: perhaps they are that part.

    Refused one by one they would take the recording apart.
    """
    strangers = [one for one in found if one.fault and one.fault.rule == "unknown_format"]
    lacking = [one for one in found if one.lacks]
    if not strangers or len(lacking) != 1:
        return found
    (whole,) = lacking
    names = ", ".join(one.files[0].name for one in strangers)
    lacks = SourceError(
        f"{whole.lacks}; nobody knows {names} by how it begins: if it belongs to it, name it in "
        f"{FOLDER_SIDECAR}",
        rule="incomplete",
    )
    files = tuple(file for one in (whole, *strangers) for file in one.files)
    order = tuple(sorted(files, key=lambda path: path.suffix == SUFFIX))
    rest = [one for one in found if one not in strangers and one is not whole]
    return [*rest, replace(whole, files=order, lacks=lacks)]


def _over(general: Told, own: Told) -> Told:
    """What is told of one recording before what is told of all."""
    told = {one.name: getattr(own, one.name) for one in fields(Told)}
    return replace(general, **{name: value for name, value in told.items() if value is not None})


def _only(told: Told, source: str | None) -> Told:
    """What a source has a use for."""
    unused = [one.name for one in fields(Told) if not (source and accepts(source, one.name))]
    return replace(told, **dict.fromkeys(unused))


def with_defaults(told: Told, defaults: Told, source: str) -> Told:
    """What is told of a recording, and beyond that what holds for the node and the source."""
    return _over(_only(defaults, source), told)


def _sidecar_of(file: Path, files: list[Path]) -> Path | None:
    if file.suffix == SUFFIX:
        return None
    for name in (f"{file.name}{SUFFIX}", f"{file.stem}{SUFFIX}"):
        if (path := file.with_name(name)) in files:
            return path
    return None
