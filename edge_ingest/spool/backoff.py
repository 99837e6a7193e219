"""How long to wait before trying again."""

import random
from dataclasses import dataclass


@dataclass
class Backoff:
    """Exponential back-off with jitter, so that many nodes do not come back at the same moment.

    The wait after the n-th failure in a row is drawn between half of and the whole of
    `first_s` · 2^(n−1), and is `longest_s` at most.

    Attributes:
        failures: in a row.
    """

    rng: random.Random
    first_s: float
    longest_s: float
    failures: int = 0

    def failed(self) -> float:
        """Count a failure; how long to wait now, s."""
        self.failures += 1
        # The exponent is held: 2.0 ** 1100 is an OverflowError, after weeks without network.
        whole = min(self.longest_s, self.first_s * 2.0 ** min(self.failures - 1, 60))
        return whole * self.rng.uniform(0.5, 1.0)

    def succeeded(self) -> None:
        """Forget the failures."""
        self.failures = 0
