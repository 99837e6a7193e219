"""The low pass on velocity: one design for the lakehouse and the live node."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def design_low_pass(order: int, cutoff_hz: float, rate_hz: float) -> FloatArray:
    """Design the single pass of a Butterworth filter that is run twice.

    Two passes square the gain, so each is designed with a higher cut-off, and the pair has its
    −3 dB point exactly at `cutoff_hz`, whether the second pass runs backward (zero phase) or
    forward (causal): Winter, Biomechanics and Motor Control of Human Movement, on digital filters:
    C = (2^(1/2) − 1)^(1/(2 n)) for passes of order n, applied to the tangent of the angular
    frequency.

    Args:
        order: of both passes together; even.
        cutoff_hz: −3 dB point of both passes together, Hz.
        rate_hz: sampling rate, Hz; above twice the cut-off.

    Returns:
        Second-order sections of one pass, (sections, 6).

    Raises:
        ValueError: the order is odd, or the cut-off is not below the Nyquist frequency.
    """
    from scipy.signal import butter

    if order < 2 or order % 2:  # noqa: PLR2004 - two passes, so two is the least
        raise ValueError(f"order is {order}: two passes share it, so give an even number from 2 up")
    single = order // 2
    correction = (np.sqrt(2.0) - 1.0) ** (1.0 / (2.0 * single))
    corrected = np.arctan(np.tan(np.pi * cutoff_hz / rate_hz) / correction) * rate_hz / np.pi
    if not 0 < 2 * cutoff_hz < rate_hz:
        raise ValueError(
            f"a cut-off of {cutoff_hz} Hz needs more than {2 * cutoff_hz} samples a second, and "
            f"there are {rate_hz}: lower the cut-off or leave the signal unfiltered"
        )
    sections: FloatArray = butter(single, corrected, fs=rate_hz, output="sos")
    return sections
