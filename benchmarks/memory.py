"""How much memory a process and all below it hold, while something goes on."""

import threading
import time
from dataclasses import dataclass, field
from typing import Self

import psutil

SAMPLE_EVERY_S = 0.05


@dataclass
class Memory:
    """Resident memory of this process and all below it, looked at again and again."""

    seen: list[tuple[float, float]] = field(default_factory=list)
    _is_over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        """Begin to look."""
        self._looking = threading.Thread(target=self._look, daemon=True)
        self._looking.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Look no more; what was seen stays."""
        self._is_over.set()
        self._looking.join()

    def peak_mb(self, start: float = 0.0, end: float = float("inf")) -> float:
        """The highest between two instants, MB; 0 where nobody looked in between."""
        return max((mb for at, mb in self.seen if start <= at <= end), default=0.0)

    def _look(self) -> None:
        me = psutil.Process()
        while not self._is_over.wait(SAMPLE_EVERY_S):
            total = 0
            for process in [me, *me.children(recursive=True)]:
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue  # it ended while we looked
            self.seen.append((time.time(), total / 1e6))
