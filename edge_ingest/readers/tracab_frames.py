"""TRACAB's frames to columns: the part that must be fast. `dat` lines and JSON.

A line of `dat` is `frame:target;target;…;:ball;:`, a target `team,id,shirt,x,y,speed`. The targets
of many lines are one table of comma-separated values. JSON is cut between frames, so that neither
form is ever in memory whole.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from edge_ingest.errors import SourceError

HOME, AWAY, OFFICIAL = 1, 0, 3
#: Targets that are nobody: unassigned tracks, and unused places that are parked off the field.
NOBODY = (-1, 4)

_BLOCK = 1 << 22
_LARGEST_FRAME = 1 << 20
_PARTS_OF_A_LINE = 4
_FRAME = re.compile(rb'\{\s*"FrameCount"')
_TARGET = {
    "team": pa.int8(), "target": pa.int32(), "shirt": pa.int32(), "x": pa.float64(),
    "y": pa.float64(), "speed": pa.string(),
}  # fmt: skip


@dataclass(frozen=True)
class Frames:
    """Frames in the order of the file; places in centimetres from the centre.

    Attributes:
        frame_id, ball_cm: a value a frame; the ball's x, y, z.
        frame_index, team, shirt, x_cm, y_cm: a value a target; nobody's targets are left out.
        nobody: how many targets that were.
    """

    frame_id: NDArray[np.int64]
    ball_cm: NDArray[np.float64]
    frame_index: NDArray[np.int64]
    team: NDArray[np.int8]
    shirt: NDArray[np.int32]
    x_cm: NDArray[np.float64]
    y_cm: NDArray[np.float64]
    nobody: int


def read_frames(path: Path) -> Frames:
    """Parse a file of frames, `dat` or JSON.

    Raises:
        SourceError: it is neither, or breaks off.
    """
    with path.open("rb") as handle:
        is_json = handle.read(64).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{")
    try:
        blocks = list(_json_blocks(path) if is_json else _dat_blocks(path))
    except (
        ArithmeticError, LookupError, RecursionError, TypeError, ValueError, pa.ArrowException,
    ) as error:  # fmt: skip
        # The error's own words would quote an athlete's values.
        raise SourceError(
            f"{path} has a frame that does not read as TRACAB's ({type(error).__name__}): the "
            "download may have broken off; fetch it again, or report the format"
        ) from None
    if not blocks:
        raise SourceError(f"{path} holds no frame: give the whole match", rule="empty")
    return _joined(blocks, path)


def _joined(blocks: list[Frames], path: Path) -> Frames:
    firsts = np.cumsum([0, *(block.frame_id.size for block in blocks)])
    team = np.concatenate([block.team for block in blocks])
    if strange := set(np.unique(team).tolist()) - {HOME, AWAY, OFFICIAL}:
        raise SourceError(
            f"{path} has targets of team {min(strange)}, which TRACAB does not describe: report "
            "the format"
        )
    return Frames(
        frame_id=np.concatenate([block.frame_id for block in blocks]),
        ball_cm=np.concatenate([block.ball_cm for block in blocks]),
        frame_index=np.concatenate(
            [block.frame_index + first for block, first in zip(blocks, firsts[:-1], strict=True)]
        ),
        team=team,
        shirt=np.concatenate([block.shirt for block in blocks]),
        x_cm=np.concatenate([block.x_cm for block in blocks]),
        y_cm=np.concatenate([block.y_cm for block in blocks]),
        nobody=sum(block.nobody for block in blocks),
    )


def _block(
    frame_id: NDArray[np.int64],
    ball_cm: NDArray[np.float64],
    count: list[int],
    **of_target: NDArray[Any],
) -> Frames:
    is_somebody = ~np.isin(of_target["team"], NOBODY)
    frame_index = np.repeat(np.arange(len(count)), count)
    return Frames(
        frame_id=frame_id,
        ball_cm=ball_cm,
        frame_index=frame_index[is_somebody],
        nobody=int((~is_somebody).sum()),
        **{name: values[is_somebody] for name, values in of_target.items()},
    )


def _dat_blocks(path: Path) -> Iterator[Frames]:
    rest = b""
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            rest += block
            cut = rest.rfind(b"\n") + 1
            if cut:
                yield from _dat_block(rest[:cut])
                rest = rest[cut:]
            if len(rest) > _LARGEST_FRAME:
                raise ValueError("no line ends")
    yield from _dat_block(rest)


def _dat_block(text: bytes) -> Iterator[Frames]:
    lines = [line.split(b":") for line in text.splitlines() if line.strip()]
    if not lines:
        return
    if not all(len(line) >= _PARTS_OF_A_LINE and line[1][-1:] in (b"", b";") for line in lines):
        raise ValueError("a line breaks off")
    count = [line[1].count(b";") for line in lines]
    targets = b"".join(line[1] for line in lines).replace(b";", b"\n")
    table = _table(targets, _TARGET, wanted=("team", "shirt", "x", "y"))
    balls = b"\n".join(b",".join(line[2].split(b",", 3)[:3]) for line in lines)
    ball = _table(balls, dict.fromkeys("xyz", pa.float64()), wanted=tuple("xyz"))
    if table.num_rows != sum(count) or ball.num_rows != len(lines):
        raise ValueError("a target is empty")
    yield _block(
        np.array([int(line[0]) for line in lines], np.int64),
        np.column_stack([ball[axis].to_numpy() for axis in "xyz"]),
        count,
        team=table["team"].to_numpy(),
        shirt=table["shirt"].to_numpy(),
        x_cm=table["x"].to_numpy(),
        y_cm=table["y"].to_numpy(),
    )


def _table(text: bytes, columns: dict[str, pa.DataType], wanted: tuple[str, ...]) -> pa.Table:
    if not text:
        return pa.schema([(name, columns[name]) for name in wanted]).empty_table()
    return csv.read_csv(
        pa.BufferReader(text),
        csv.ReadOptions(column_names=list(columns), block_size=2 * _BLOCK),
        csv.ParseOptions(quote_char=False, escape_char=False),
        csv.ConvertOptions(column_types=columns, include_columns=list(wanted), null_values=["NaN"]),
    )


def _json_blocks(path: Path) -> Iterator[Frames]:
    """Cut the array `FrameData` between its frames; what stands around it must be sound too."""
    around, rest = b"", b""
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            rest += block
            starts = [found.start() for found in _FRAME.finditer(rest)]
            if starts:
                around = around or rest[: starts[0]]
                if starts[-1] > starts[0]:
                    yield _json_block(_without_comma(rest[starts[0] : starts[-1]]))
                rest = rest[starts[-1] :]
            if len(rest) > _BLOCK + _LARGEST_FRAME:
                raise ValueError("a frame does not end")
    if around:
        # Latin-1 keeps one character a byte, and JSON's own marks are ASCII.
        _, end = json.JSONDecoder().raw_decode(rest.decode("latin-1"))
        yield _json_block(rest[:end])
        rest = rest[end:]
    if orjson.loads(around.removeprefix(b"\xef\xbb\xbf") + rest)["FrameData"]:
        raise ValueError("a frame does not begin with its number")


def _without_comma(frames: bytes) -> bytes:
    frames = frames.rstrip()
    if not frames.endswith(b","):
        raise ValueError("no comma between frames")
    return frames[:-1]


def _json_block(text: bytes) -> Frames:
    frames = orjson.loads(b"[" + text + b"]")
    targets = [target for frame in frames for target in frame["PlayerPositions"]]
    balls = [frame["BallPosition"][0] for frame in frames]
    return _block(
        np.array([frame["FrameCount"] for frame in frames], np.int64),
        np.array([(ball["X"], ball["Y"], ball["Z"]) for ball in balls], np.float64),
        [len(frame["PlayerPositions"]) for frame in frames],
        team=np.array([target["Team"] for target in targets], np.int8),
        shirt=np.array([target["JerseyNumber"] for target in targets], np.int32),
        x_cm=np.array([target["X"] for target in targets], np.float64),
        y_cm=np.array([target["Y"] for target in targets], np.float64),
    )
