"""The batched filter is scipy's, segment by segment, and has the gain that it promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import sosfiltfilt, sosfreqz

from edge_ingest.cleaning.low_pass import design_low_pass
from sports_assets.tracking.zero_phase import smooth_segments


@settings(deadline=None)
@given(
    lengths=st.lists(st.integers(11, 400), min_size=1, max_size=40),
    gap=st.integers(0, 3),
    seed=st.integers(0, 2**32 - 1),
)
def test_each_segment_is_filtered_as_scipy_filters_it_alone(lengths, gap, seed):
    sections = design_low_pass(4, 1.0, 10.0)
    lengths = np.array(lengths)
    starts = np.cumsum(np.append(0, lengths[:-1] + gap))
    values = np.random.default_rng(seed).normal(3, 2, (2, int(starts[-1] + lengths[-1] + gap)))

    smoothed = smooth_segments(values, starts, lengths, sections=sections, padding=10)

    inside = np.zeros(values.shape[1], bool)
    for start, length in zip(starts, lengths, strict=True):
        chosen = slice(start, start + length)
        inside[chosen] = True
        alone = sosfiltfilt(sections, values[:, chosen], padtype="odd", padlen=10)
        np.testing.assert_allclose(smoothed[:, chosen], alone, rtol=1e-9, atol=1e-9)
    assert np.isnan(smoothed[:, ~inside]).all()


def test_batches_bound_the_rectangle_and_lose_no_segment():
    sections = design_low_pass(4, 1.0, 10.0)
    lengths = np.array([300_000, 11, 12, 280_000, 11])
    starts = np.cumsum(np.append(0, lengths[:-1]))
    values = np.ones((2, int(lengths.sum())))
    smoothed = smooth_segments(values, starts, lengths, sections=sections, padding=10)
    np.testing.assert_allclose(smoothed, 1.0, atol=1e-9)


@pytest.mark.parametrize("rate_hz", [4.0, 10.0, 25.0, 100.0])
@pytest.mark.parametrize("order", [2, 4, 8])
def test_both_passes_together_halve_the_power_at_the_cut_off(order, rate_hz):
    _, response = sosfreqz(design_low_pass(order, 1.0, rate_hz), worN=[1.0], fs=rate_hz)
    assert np.abs(response[0]) ** 2 == pytest.approx(1 / np.sqrt(2), abs=1e-9)


@pytest.mark.parametrize(("order", "cutoff_hz"), [(3, 1.0), (0, 1.0), (4, 5.0), (4, 0.0)])
def test_a_filter_that_cannot_be_is_refused(order, cutoff_hz):
    with pytest.raises(ValueError, match=r"order is|a cut-off of"):
        design_low_pass(order, cutoff_hz, 10.0)


def test_a_segment_shorter_than_its_padding_is_refused():
    with pytest.raises(ValueError, match="leave it out"):
        smooth_segments(
            np.ones((1, 10)),
            np.array([0]),
            np.array([10]),
            sections=design_low_pass(4, 1.0, 10.0),
            padding=10,
        )
