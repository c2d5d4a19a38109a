"""Adding rounds until an interval is narrow: what that costs its coverage."""

import numpy as np

from bench.experiment.plan import PROFILES
from bench.stats.ratio import paired_log_ratio, ratio_estimate
from bench.stats.rounds import relative_half_width

PUBLISH = PROFILES["publish"]
TRUE_RATIO = 1.2


def covers(sd: float, random: np.random.Generator) -> bool:
    """Whether the interval at which one simulated run ends holds the true ratio."""
    assert PUBLISH.half_width is not None
    rates = TRUE_RATIO * np.exp(random.normal(0, sd, PUBLISH.rounds_limit))
    subject = dict(enumerate(rates.tolist(), start=1))
    for last in range(PUBLISH.rounds, PUBLISH.rounds_limit + 1):
        seen = {number: subject[number] for number in range(1, last + 1)}
        ratio = ratio_estimate(paired_log_ratio(seen, dict.fromkeys(seen, 1.0)))
        if relative_half_width(ratio) <= PUBLISH.half_width:
            break
    return ratio.low <= TRUE_RATIO <= ratio.high


def test_intervals_of_the_publish_profile_hold_what_the_method_page_says() -> None:
    """At spreads where stopping early matters most, 95 % intervals cover at least 93 %.

    With 1,000 runs the share is known to 0.8 %: two of that are allowed for. Looking from the
    third round on, instead of the tenth, would cover 90 %.
    """
    random = np.random.default_rng(20261124)
    covered = sum(covers(0.07, random) for _ in range(1_000))
    assert covered / 1_000 > 0.93 - 2 * 0.008
