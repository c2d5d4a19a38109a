"""Has a warm-up settled?"""

import math
from collections.abc import Sequence

import numpy as np

SLICES = 8
"""How many slices, the latest ones, are looked at: four against four."""

NOISE_FACTOR = 2.0
"""How many standard errors a change may have before it counts as more than noise."""

TOLERANCE = 0.05
"""The change, as a share of the earlier rate, that is let pass in any case."""


def is_steady(rates_per_s: Sequence[float]) -> bool:
    """Whether the rate has stopped changing, from the rates of successive equal slices.

    The mean of the latest four slices is set against that of the four before. The rate is
    *unsteady* while the two differ by more than `TOLERANCE` (relative to the earlier one) and
    by more than `NOISE_FACTOR` standard errors of that difference. So a small drift is let
    pass, and so is a large difference that the slices' own scatter explains. Scatter is taken
    from the steps between neighbours, sum (x[i+1] - x[i])^2 / 2 (n - 1), which a climb hardly
    inflates (von Neumann, Annals of Mathematical Statistics 12, 1941). A straight climb is 8
    standard errors, however gentle or steep; a jump is seen from its second slice on.

    Fewer than eight slices are never steady, nor is a rate of zero. Raises ValueError for a
    negative or infinite rate.
    """
    recent = np.asarray(rates_per_s[-SLICES:], dtype=float)
    if not (np.all(np.isfinite(recent)) and np.all(recent >= 0)):
        raise ValueError("rates must be finite and not negative")
    if recent.size < SLICES:
        return False
    before, after = recent[: SLICES // 2], recent[SLICES // 2 :]
    if before.mean() == 0 or after.mean() == 0:
        return False
    change = abs(float(after.mean() - before.mean()))
    scatter = float(np.mean(np.diff(recent) ** 2)) / 2
    noise = math.sqrt(scatter * 2 / (SLICES // 2))
    return change <= max(TOLERANCE * float(before.mean()), NOISE_FACTOR * noise)
