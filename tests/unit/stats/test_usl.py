"""The Universal Scalability Law, against the R package `usl` and exact curves."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import optimize  # type: ignore[import-untyped]  # scipy ships no types

from bench.stats.usl import fit_usl

# The data sets `specsdm91` and `raytracer` of the R package `usl` (Gunther and Moeding).
SPECSDM91 = {1: 64.9, 18: 995.9, 36: 1652.4, 72: 1853.2, 108: 1828.9, 144: 1775.0, 216: 1702.2}
RAYTRACER = {
    1: 20, 4: 78, 8: 130, 12: 170, 16: 190, 20: 200, 24: 210, 28: 230, 32: 260, 48: 280, 64: 310,
}  # fmt: skip
SWEEP = [1, 2, 4, 8, 16, 32, 64, 128]


def law(n: float, lam: float, sigma: float, kappa: float) -> float:
    return lam * n / (1 + sigma * (n - 1) + kappa * n * (n - 1))


def test_specsdm91_is_what_r_prints() -> None:
    """The fit of the published benchmark has the figures of R's package."""
    # R: summary(usl(throughput ~ load, specsdm91)), printed in the package's README and tests.
    fit = fit_usl(list(SPECSDM91), list(SPECSDM91.values()))
    assert fit.rate_of_one.value == pytest.approx(89.995233, rel=1e-5)
    assert fit.contention.value == pytest.approx(0.0277285, rel=1e-5)
    assert fit.coherency.value == pytest.approx(0.0001044, abs=5e-8)
    assert fit.rate_of_one.standard_error == pytest.approx(14.2134894, rel=1e-4)
    assert fit.contention.standard_error == pytest.approx(0.0091217, rel=1e-4)
    assert fit.coherency.standard_error == pytest.approx(1.988e-05, rel=1e-3)
    assert fit.peak_concurrency == pytest.approx(96.51956, rel=1e-5)
    assert fit.peak_rate_per_s == pytest.approx(1884, abs=0.5)
    assert fit.points == 7


def test_raytracer_has_no_coherency_cost_and_no_peak() -> None:
    """Where the coherency comes out as nothing there is a ceiling, and no peak."""
    # R: usl(throughput ~ processors, raytracer) gives alpha 0.05777, beta 0, gamma 21.848843.
    fit = fit_usl(list(RAYTRACER), list(RAYTRACER.values()))
    assert fit.rate_of_one.value == pytest.approx(21.848843, rel=1e-5)
    assert fit.contention.value == pytest.approx(0.057771, rel=1e-4)
    assert (fit.coherency.value, fit.coherency.standard_error) == (0, None)
    assert fit.peak_concurrency is None
    assert fit.peak_rate_per_s == pytest.approx(21.848843 / 0.057771, rel=1e-4)


def test_the_first_six_raytracer_points_are_what_r_prints() -> None:
    """A part of the data is fitted as R does it."""
    # R: coef(usl(throughput ~ processors, data = raytracer[1:6, ])), from the package's tests.
    fit = fit_usl(list(RAYTRACER)[:6], list(RAYTRACER.values())[:6])
    assert fit.contention.value == pytest.approx(0.02444, abs=5e-6)
    assert fit.coherency.value == pytest.approx(0.00163, abs=5e-6)
    assert fit.rate_of_one.value == pytest.approx(20.85605, abs=5e-6)


@settings(max_examples=50)
@given(lam=st.floats(1, 1e4), sigma=st.floats(0.001, 1), kappa=st.floats(1e-5, 0.1))
def test_an_exact_curve_is_found_again(lam: float, sigma: float, kappa: float) -> None:
    """Points that lie on the law give back its parameters."""
    fit = fit_usl(SWEEP, [law(n, lam, sigma, kappa) for n in SWEEP])
    assert fit.rate_of_one.value == pytest.approx(lam, rel=1e-4)
    assert fit.contention.value == pytest.approx(sigma, rel=1e-3, abs=1e-5)
    assert fit.coherency.value == pytest.approx(kappa, rel=1e-3, abs=1e-7)
    assert fit.r_squared is None or fit.r_squared == pytest.approx(1)
    assert fit.rate_at(20) == pytest.approx(law(20, lam, sigma, kappa), rel=1e-4)


@pytest.mark.parametrize("seed", range(20))
def test_no_allowed_curve_fits_better(seed: int) -> None:
    """Another path: scipy's bounded trust-region search, started at the truth."""
    random = np.random.default_rng(seed)
    truth = 10 ** random.uniform([1, -3, -6], [4, 0, -2])
    scale = float(truth[0])
    exact = [law(n, *truth.tolist()) for n in SWEEP]
    x = np.asarray(exact) * np.exp(random.normal(0, 0.05, len(SWEEP)))

    def misses(scaled: NDArray[np.float64]) -> NDArray[np.float64]:
        lam, sigma, kappa = (scaled * truth).tolist()
        return (np.asarray([law(at, lam, sigma, kappa) for at in SWEEP]) - x) / scale

    other = optimize.least_squares(misses, np.ones(3), bounds=(0, np.inf), max_nfev=2_000)
    fit = fit_usl(SWEEP, x.tolist())
    mine = sum(((fit.rate_at(a) - b) / scale) ** 2 for a, b in zip(SWEEP, x, strict=True))
    assert mine <= 2 * other.cost * (1 + 1e-6)


def test_the_peak_is_where_the_curve_is_highest() -> None:
    """The peak told is the top of the curve that was fitted."""
    fit = fit_usl(SWEEP, [law(n, 100, 0.05, 0.001) for n in SWEEP])
    peak = fit.peak_concurrency
    assert peak == pytest.approx(math.sqrt(0.95 / 0.001), rel=1e-5)
    assert peak is not None
    assert fit.rate_at(peak) > max(fit.rate_at(peak * 0.99), fit.rate_at(peak * 1.01))


def test_linear_growth_has_neither_peak_nor_ceiling() -> None:
    """What only grows has no limit that could be told."""
    fit = fit_usl(SWEEP, [100 * n**1.2 for n in SWEEP])
    assert (fit.contention.value, fit.coherency.value) == (0, 0)
    assert fit.peak_concurrency is None
    assert fit.peak_rate_per_s is None


def test_a_rate_that_only_falls_peaks_at_one() -> None:
    """What gets slower with every connection was fastest with one."""
    fit = fit_usl(SWEEP, [900, 700, 500, 300, 200, 100, 50, 20])
    assert fit.contention.value > 1
    assert fit.peak_concurrency == 1
    assert fit.peak_rate_per_s == pytest.approx(fit.rate_of_one.value)


def test_a_core_that_is_full_from_the_start_is_flat() -> None:
    """A constant rate is contention alone, and stays where it is."""
    fit = fit_usl(SWEEP, [800.0] * 8)
    assert fit.contention.value == pytest.approx(1)
    assert fit.r_squared is None
    assert fit.rate_at(1000) == pytest.approx(800)


def test_several_rounds_of_each_concurrency_narrow_the_error() -> None:
    """More rounds make the parameters more certain."""
    random = np.random.default_rng(1)
    truth = [law(n, 100, 0.05, 0.001) for n in SWEEP]
    rounds = np.asarray(truth) * np.exp(random.normal(0, 0.02, (16, 8)))
    once, often = fit_usl(SWEEP, rounds[0].tolist()), fit_usl(SWEEP * 16, rounds.ravel().tolist())
    assert once.coherency.standard_error is not None
    assert often.coherency.standard_error is not None
    assert often.coherency.standard_error < once.coherency.standard_error
    assert often.coherency.value == pytest.approx(0.001, abs=4 * often.coherency.standard_error)
    assert often.points == 128


@pytest.mark.parametrize(
    ("n", "x", "match"),
    [
        ([1, 2, 4], [1.0, 2.0, 3.0], "at least 4 different"),
        ([1, 2, 4, 4, 4], [1.0, 2.0, 3.0, 3.0, 3.0], "at least 4 different"),
        ([], [], "at least 4 different"),
        ([1, 2, 4, 8], [1.0, 2.0], "do not fit"),
        ([0, 2, 4, 8], [1.0, 2.0, 3.0, 4.0], "at least 1"),
        ([1, 2, 4, 8], [1.0, 2.0, 0.0, 4.0], "positive"),
        ([1, 2, 4, 8], [1.0, 2.0, math.nan, 4.0], "positive"),
    ],
)
def test_what_cannot_be_fitted_is_refused(n: list[float], x: list[float], match: str) -> None:
    """Too few or impossible points are refused with the reason."""
    with pytest.raises(ValueError, match=match):
        fit_usl(n, x)
