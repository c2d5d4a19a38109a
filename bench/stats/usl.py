"""The Universal Scalability Law, fitted to rates at several concurrencies.

    X(N) = lambda * N / (1 + sigma * (N - 1) + kappa * N * (N - 1))

after Gunther, "Guerrilla Capacity Planning" (Springer, 2007), chapters 4 to 6, in the form with
three parameters of the R package `usl`: lambda is the rate of one connection alone, sigma the
share that is serial (contention), kappa the price of keeping each other informed (coherency).
"""

import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # type: ignore[import-untyped]  # scipy ships no types
from numpy.typing import NDArray

type _Array = NDArray[np.float64]
type _Mask = NDArray[np.bool_]

MIN_CONCURRENCIES = 4
"""Three parameters take three different concurrencies; the fourth is there to contradict."""


@dataclass(frozen=True)
class Coefficient:
    """A fitted value and its standard error, None where the value is held at its bound of 0."""

    value: float
    standard_error: float | None


@dataclass(frozen=True)
class UslFit:
    """A fitted law. `rate_of_one` is lambda (requests/s), `contention` sigma, `coherency` kappa.

    `r_squared` is 1 - residual / total sum of squares, None when all rates are equal. Beyond
    the measured concurrencies the law is a guess.
    """

    rate_of_one: Coefficient
    contention: Coefficient
    coherency: Coefficient
    r_squared: float | None
    points: int

    def rate_at(self, concurrency: float) -> float:
        """X(N), in requests/s."""
        lam, sigma, kappa = (c.value for c in self._coefficients)
        return float(_law(np.asarray([concurrency], dtype=float), lam, sigma, kappa)[0])

    @property
    def peak_concurrency(self) -> float | None:
        """N*, where the rate is highest: sqrt((1 - sigma) / kappa), at least 1.

        None when the rate never falls again (kappa 0 and sigma below or equal to 1).
        """
        sigma, kappa = self.contention.value, self.coherency.value
        if sigma > 1:
            return 1.0
        return max(1.0, math.sqrt((1 - sigma) / kappa)) if kappa > 0 else None

    @property
    def peak_rate_per_s(self) -> float | None:
        """X(N*); without a peak the ceiling lambda / sigma, and None without either."""
        peak = self.peak_concurrency
        if peak is not None:
            return self.rate_at(peak)
        sigma = self.contention.value
        return self.rate_of_one.value / sigma if sigma > 0 else None

    @property
    def _coefficients(self) -> tuple[Coefficient, Coefficient, Coefficient]:
        return self.rate_of_one, self.contention, self.coherency


def fit_usl(concurrencies: Sequence[float], rates_per_s: Sequence[float]) -> UslFit:
    """The law with the least squared error in the rate and no negative parameter.

    A concurrency may occur more than once (several rounds). Standard errors are those of
    non-linear least squares, s^2 (J'J)^-1. A parameter that would turn negative is held at 0
    and the others are fitted again; of all such fits the best is returned.

    Raises ValueError for fewer than 4 different concurrencies, lengths that differ, a
    concurrency below 1 or a rate that is not positive and finite.
    """
    n, x = _checked(concurrencies, rates_per_s)
    residual, coefficients = min(_fits(n, x), key=lambda fit: fit[0])
    total = float(np.sum((x - x.mean()) ** 2))
    r_squared = 1 - residual / total if total > 0 else None
    return UslFit(*coefficients, r_squared=r_squared, points=n.size)


type _Fit = tuple[float, tuple[Coefficient, Coefficient, Coefficient]]


def _checked(concurrencies: Sequence[float], rates_per_s: Sequence[float]) -> tuple[_Array, _Array]:
    n = np.asarray(concurrencies, dtype=float)
    x = np.asarray(rates_per_s, dtype=float)
    if n.size != x.size:
        raise ValueError(f"{n.size} concurrencies do not fit {x.size} rates")
    if not (np.all(np.isfinite(n)) and np.all(n >= 1)):
        raise ValueError("a concurrency must be finite and at least 1")
    if not (np.all(np.isfinite(x)) and np.all(x > 0)):
        raise ValueError("a rate must be positive and finite")
    different = np.unique(n).size
    if different < MIN_CONCURRENCIES:
        raise ValueError(
            f"the scalability law needs at least {MIN_CONCURRENCIES} different concurrencies, "
            f"not {different}: measure more of them"
        )
    return n, x


def _fits(n: _Array, x: _Array) -> Iterator[_Fit]:
    """The best fit with sigma, kappa, neither or both held at 0, as far as none is negative.

    A least-squares optimum under "not negative" is an ordinary optimum of one of these.
    """
    for sigma_free, kappa_free in ((True, True), (True, False), (False, True), (False, False)):
        fit = _fit_free(n, x, np.asarray([True, sigma_free, kappa_free], dtype=np.bool_))
        if fit is not None:
            yield fit


def _fit_free(n: _Array, x: _Array, free: _Mask) -> _Fit | None:
    """One fit, or None when it does not converge or leaves the allowed range."""

    def law(at: _Array, *values: float) -> _Array:
        return _law(at, *_all_three(values, free))

    def slopes(at: _Array, *values: float) -> _Array:
        return _slopes(at, *_all_three(values, free))[:, free]

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # A search that strays is told by its result, below.
        warnings.simplefilter("ignore", scipy.optimize.OptimizeWarning)
        try:
            values, covariance = scipy.optimize.curve_fit(
                law, n, x, p0=_start(n, x)[free], jac=slopes, method="lm", maxfev=10_000
            )
        except RuntimeError:  # the only sign that curve_fit gives of not converging
            return None
    if not (np.all(values >= 0) and np.all(np.isfinite(covariance))):
        return None
    residual = float(np.sum((x - law(n, *values)) ** 2))
    errors = iter(np.sqrt(np.diag(covariance)).tolist())
    held = zip(_all_three(values, free), free, strict=True)
    a, b, c = (Coefficient(value, next(errors) if is_free else None) for value, is_free in held)
    return residual, (a, b, c)


def _start(n: _Array, x: _Array) -> _Array:
    """First guess from the law made linear: N / X = a + a sigma (N - 1) + a kappa N (N - 1).

    Solved without negative terms and weighted by X, so that errors count as relative ones.
    """
    terms = np.stack([np.ones_like(n), n - 1, n * (n - 1)], axis=1)
    weights = x / n
    a, b, c = scipy.optimize.nnls(terms * weights[:, None], np.ones_like(n))[0]
    a = max(a, 1e-3 / float(weights.max()))
    return np.asarray([1 / a, b / a, c / a])


def _all_three(values: Sequence[float], free: _Mask) -> tuple[float, float, float]:
    """The three parameters, with 0 for those that are held."""
    given = iter(values)
    a, b, c = (float(next(given)) if is_free else 0.0 for is_free in free)
    return a, b, c


def _law(n: _Array, lam: float, sigma: float, kappa: float) -> _Array:
    return lam * n / _slowdown(n, sigma, kappa)


def _slowdown(n: _Array, sigma: float, kappa: float) -> _Array:
    return 1 + sigma * (n - 1) + kappa * n * (n - 1)


def _slopes(n: _Array, lam: float, sigma: float, kappa: float) -> _Array:
    """The law's derivatives by lambda, sigma and kappa, one column each."""
    slowdown = _slowdown(n, sigma, kappa)
    by_lam = n / slowdown
    by_sigma = -lam * n * (n - 1) / slowdown**2
    return np.stack([by_lam, by_sigma, by_sigma * n], axis=1)
