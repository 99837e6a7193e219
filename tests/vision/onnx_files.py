"""ONNX files for tests: a small network of YOLOX's shape that sees blue, and others that are wrong.

Written by hand (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), as no writer is installed.
"""

from pathlib import Path

import numpy as np

CLASSES = 80
_FLOAT, _INT64 = 1, 7


def _varint(number: int) -> bytes:
    made = b""
    while number > 0x7F:
        made, number = made + bytes([number & 0x7F | 0x80]), number >> 7
    return made + bytes([number])


def _field(number: int, value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _tensor(name: str, values: np.ndarray) -> bytes:
    kind = _INT64 if values.dtype == np.int64 else _FLOAT
    dims = b"".join(_field(1, int(one)) for one in values.shape)
    return dims + _field(2, kind) + _field(8, name) + _field(9, values.tobytes())


def _value(name: str, shape: tuple[int | str, ...]) -> bytes:
    dims = b"".join(
        _field(1, _field(1, one) if isinstance(one, int) else _field(2, one)) for one in shape
    )
    return _field(1, name) + _field(2, _field(1, _field(1, _FLOAT) + _field(2, dims)))


def _node(kind: str, inputs: list[str], output: str, **ints: int | list[int]) -> bytes:
    made = b"".join(_field(1, one) for one in inputs) + _field(2, output) + _field(4, kind)
    for name, value in ints.items():
        if isinstance(value, int):
            told = _field(3, value) + _field(20, 2)
        else:
            told = b"".join(_field(8, one) for one in value) + _field(20, 7)
        made += _field(5, _field(1, name) + told)
    return made


def _model(nodes: list[bytes], weights: list[bytes], taken: bytes, told: bytes) -> bytes:
    graph = b"".join(_field(1, one) for one in nodes) + _field(2, "made")
    graph += b"".join(_field(5, one) for one in weights) + _field(11, taken) + _field(12, told)
    return _field(1, 8) + _field(8, _field(1, "") + _field(2, 13)) + _field(7, graph)


def sees_blue(path: Path, side: int | None = None) -> Path:
    """A network that takes what is bluer than grass for a person, 26 × 26 pixels large.

    Args:
        side: pictures of this size only; None: any.
    """
    nodes, weights, rows = [], [], []
    most = np.full((1, 5 + CLASSES, 1, 1), 2, np.float32)
    most[:, 4] = 1
    for stride in (8, 16, 32):
        kernel = np.zeros((5 + CLASSES, 3, 1, 1), np.float32)
        bias = np.zeros(5 + CLASSES, np.float32)
        bias[:2], bias[2:4], bias[5] = 0.5, 1.18, 1.0  # middle of a cell, its size, a person
        if stride == 8:
            kernel[4, 0], kernel[4, 1], bias[4] = 0.016, -0.016, -0.1
        weights += [_tensor(f"kernel{stride}", kernel), _tensor(f"bias{stride}", bias)]
        nodes += [
            _node(
                "AveragePool", ["images"], f"mean{stride}", kernel_shape=[3 * stride, stride],
                strides=[stride, stride], pads=[stride, 0, stride, 0],
            ),
            _node("Conv", [f"mean{stride}", f"kernel{stride}", f"bias{stride}"], f"raw{stride}"),
            _node("Max", [f"raw{stride}", "least"], f"some{stride}"),
            _node("Min", [f"some{stride}", "most"], f"kept{stride}"),
            _node("Reshape", [f"kept{stride}", "flat"], f"row{stride}"),
        ]  # fmt: skip
        rows.append(f"row{stride}")
    nodes += [
        _node("Concat", rows, "all", axis=2),
        _node("Transpose", ["all"], "output", perm=[0, 2, 1]),
    ]
    weights += [
        _tensor("least", np.zeros((1, 5 + CLASSES, 1, 1), np.float32)),
        _tensor("most", most),
        _tensor("flat", np.array([1, 5 + CLASSES, -1], np.int64)),
    ]
    shape = (1, 3, side or "height", side or "width")
    path.write_bytes(
        _model(nodes, weights, _value("images", shape), _value("output", (1, "n", 5 + CLASSES)))
    )
    return path


def says_nothing_of_boxes(path: Path) -> Path:
    """A network that answers with its input."""
    shape = (1, 3, "height", "width")
    nodes = [_node("Identity", ["images"], "output")]
    path.write_bytes(_model(nodes, [], _value("images", shape), _value("output", shape)))
    return path


def takes_numbers(path: Path) -> Path:
    """A network that takes no pictures."""
    nodes = [_node("Identity", ["numbers"], "output")]
    path.write_bytes(_model(nodes, [], _value("numbers", (1, 7)), _value("output", (1, 7))))
    return path
