import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.stats.steady import is_steady


@pytest.mark.parametrize(
    ("rates", "steady"),
    [
        pytest.param([900] * 8, True, id="constant"),
        pytest.param([900] * 7, False, id="too short to tell"),
        pytest.param([], False, id="nothing yet"),
        pytest.param([100, 200, 300, 400, 500, 600, 700, 800], False, id="climbing"),
        pytest.param([800, 700, 600, 500, 400, 300, 200, 100], False, id="falling"),
        pytest.param([100, 500, 100, 500] + [900] * 8, True, id="only the latest slices count"),
        pytest.param([900, 904, 908, 912, 916, 920, 924, 928], True, id="a drift of 2 %"),
        pytest.param([900, 915, 930, 945, 960, 975, 990, 1005], False, id="a drift of 7 %"),
        pytest.param([100] * 4 + [900] * 4, False, id="a jump in the middle"),
        pytest.param([100] * 6 + [900] * 2, False, id="a jump just before the end"),
        pytest.param([900, 700, 1100, 800, 1000, 750, 1050, 900], True, id="scatter"),
        pytest.param([0] * 8, False, id="dead"),
        pytest.param([0] * 4 + [900] * 4, False, id="just alive"),
    ],
)
def test_series(rates: list[float], steady: bool) -> None:
    """Level series are steady; climbing, falling and short ones are not."""
    assert is_steady(rates) is steady


@given(start=st.floats(1, 1e4), share=st.floats(0.05, 10))
def test_a_straight_climb_is_never_steady(start: float, share: float) -> None:
    """A climb that goes on is warming up, wherever it started."""
    assert not is_steady([start * (1 + share * i) for i in range(8)])


@given(rates=st.lists(st.floats(1, 1e4), min_size=8, max_size=12))
def test_the_unit_does_not_matter(rates: list[float]) -> None:
    """The judgement is the same in any unit."""
    assert is_steady(rates) == is_steady([rate * 1024 for rate in rates])


def test_noise_alone_is_nearly_always_steady() -> None:
    """Noise of 10 % around a level passes in more than nine of ten series."""
    random = np.random.default_rng(9)
    series = random.normal(900, 90, (1_000, 8)).tolist()
    assert sum(map(is_steady, series)) > 900


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
def test_nonsense_is_refused(bad: float) -> None:
    """Rates that are not finite are refused."""
    with pytest.raises(ValueError, match="finite"):
        is_steady([900.0] * 7 + [bad])
    with pytest.raises(ValueError, match="finite"):
        is_steady([bad])
