"""What happened to the machine beside or within a window, by table."""

import pytest

from bench.analysis.diagnostics import (
    clock_drift,
    off_placement,
    restarted,
    smt_sibling_busy,
    swapping,
    throttling,
)
from bench.model import Diagnostic
from tests.unit.factories import placement


def kinds(found: tuple[Diagnostic, ...]) -> dict[str, str]:
    assert all(diagnostic.message and diagnostic.remedy for diagnostic in found)
    return {diagnostic.code: diagnostic.severity for diagnostic in found}


@pytest.mark.parametrize(
    ("before_s", "after_s", "usual_s", "expected", "words"),
    [
        pytest.param(0.020, 0.020, 0.020, [], "", id="steady"),
        pytest.param(0.020, 0.0215, 0.020, [], "", id="ordinary noise"),
        pytest.param(0.034, 0.066, 0.034, ["clock-drift"], "94% longer", id="half speed after"),
        pytest.param(0.066, 0.034, 0.034, ["clock-drift"], "48% less", id="full speed after"),
        pytest.param(0.066, 0.066, 0.034, ["clock-off"], "94% longer", id="slow throughout"),
        pytest.param(0.034, 0.034, 0.066, ["clock-off"], "48% less", id="fast throughout"),
    ],
)
def test_clock_drift(
    before_s: float, after_s: float, usual_s: float, expected: list[str], words: str
) -> None:
    """A change within the window is told as such; else a window off the run's median."""
    found = clock_drift(before_s, after_s, usual_s)
    assert list(kinds(found)) == expected
    assert all(words in diagnostic.message for diagnostic in found)


def test_drift_is_judged_alike_in_both_directions() -> None:
    """Twice as slow and twice as fast are the same factor."""
    limit = 1.0999
    assert clock_drift(1.0, limit, 1.0) == clock_drift(limit, 1.0, 1.0) == ()
    limit = 1.1001
    assert kinds(clock_drift(1.0, limit, 1.0)) == kinds(clock_drift(limit, 1.0, 1.0))


@pytest.mark.parametrize("times", [(0, 1, 1), (1, 0, 1), (1, 1, 0), (-1, 1, 1)])
def test_times_that_cannot_be_are_refused(times: tuple[float, float, float]) -> None:
    """A spin always takes some time."""
    with pytest.raises(ValueError, match="positive"):
        clock_drift(*times)


@pytest.mark.parametrize(
    ("times", "seconds", "heat", "expected"),
    [
        pytest.param(0, 0.0, 0, {}, id="nothing"),
        pytest.param(1, 0.005, 0, {"cpu-quota": "doubt"}, id="touched the quota"),
        pytest.param(9, 0.300, 0, {"cpu-quota": "invalid"}, id="held by the quota"),
        pytest.param(0, 0.0, 2, {"thermal": "doubt"}, id="hot"),
        pytest.param(9, 0.3, 2, {"cpu-quota": "invalid", "thermal": "doubt"}, id="both"),
    ],
)
def test_throttling(times: int, seconds: float, heat: int, expected: dict[str, str]) -> None:
    """A quota that takes more than 1 % of the window makes the figure its own."""
    assert kinds(throttling(times, seconds, heat, duration_s=1.0)) == expected


def test_swapping() -> None:
    """Any page that moves is told, in either direction."""
    assert swapping(0, 0) == ()
    assert kinds(swapping(3, 0)) == kinds(swapping(0, 3)) == {"swap": "doubt"}


def test_a_busy_sibling() -> None:
    """Above 5 % of the window; a core of one thread has none."""
    assert smt_sibling_busy(0.1, 1, 2.0) == ()
    assert kinds(smt_sibling_busy(0.2, 1, 2.0)) == {"smt-sibling": "doubt"}
    assert smt_sibling_busy(0.0, 0, 2.0) == ()


def test_what_does_not_run_where_it_was_placed_is_told() -> None:
    """Moved, confined to less or let through to more: no figure of it is its own core's."""
    assert off_placement({"app": [(1,), (1,)], "database": [(0,), ()]}, placement()) == ()
    for looks in ([(0,), (1,)], [(1,), (0,)], [(1,), (0, 1)]):
        (found,) = off_placement({"app": looks, "generator": [(0,), (0,)]}, placement())
        assert (found.code, found.severity) == ("off-placement", "invalid")
        assert "the app might use CPU 0" in found.message
        assert "was placed on CPU 1" in found.message


def test_what_was_started_again_says_so() -> None:
    """A fresh process is not the one of the cell before, whoever saw it end."""
    assert restarted(()) == ()
    (found,) = restarted(("onecore-drf",))
    assert (found.code, found.severity) == ("restarted", "doubt")
    assert "onecore-drf had ended" in found.message
