"""Whether a window's own numbers can carry a figure, by table."""

from dataclasses import replace

import pytest

from bench.analysis.diagnostics import littles_law_off, ran_out, too_few_samples, unsteady_warm_up
from bench.model import (
    ClosedLoop,
    Diagnostic,
    Distribution,
    Histogram,
    LoadResult,
    OpenLoop,
    WarmUp,
)
from tests.unit.factories import load_result

LONGER = ClosedLoop.longer


def window(rate_per_s: float, mean_s: float, duration_s: float = 10.0) -> LoadResult:
    count = int(rate_per_s * duration_s)
    times = Distribution(count, mean_s, mean_s, mean_s, hdr=Histogram(""))
    return load_result(count, duration_s, latency={"read": times})


def kinds(found: tuple[Diagnostic, ...]) -> dict[str, str]:
    assert all(diagnostic.message and diagnostic.remedy for diagnostic in found)
    return {diagnostic.code: diagnostic.severity for diagnostic in found}


@pytest.mark.parametrize(
    ("rate_per_s", "mean_s", "expected"),
    [
        pytest.param(1000, 0.0200, {}, id="all connections always wait"),
        pytest.param(1000, 0.0195, {}, id="2.5 % off"),
        pytest.param(1000, 0.0180, {"littles-law": "doubt"}, id="connections stood idle"),
        pytest.param(1000, 0.0220, {"littles-law": "invalid"}, id="more time than there was"),
    ],
)
def test_littles_law(rate_per_s: float, mean_s: float, expected: dict[str, str]) -> None:
    """Idle connections are doubted; times that overlap cannot be."""
    assert kinds(littles_law_off(window(rate_per_s, mean_s), ClosedLoop(20))) == expected


def test_the_last_answers_of_a_short_window_are_allowed_for() -> None:
    """Connections fall idle while the last ones answer: up to one service time of the window."""
    slow = window(90, 0.2, duration_s=1.0)
    assert littles_law_off(slow, ClosedLoop(20)) == ()
    assert kinds(littles_law_off(window(90, 0.2), ClosedLoop(20))) == {"littles-law": "doubt"}


def test_the_law_weighs_operations_by_their_number() -> None:
    """A mixed load has one mean: of its requests, not of its operations."""
    latency = {
        "read": Distribution(900, 0.010, 0.01, 0.01, hdr=Histogram("")),
        "list": Distribution(100, 0.110, 0.11, 0.11, hdr=Histogram("")),
    }
    load = load_result(1000, 1.0, latency=latency)
    assert littles_law_off(load, ClosedLoop(20)) == ()


@pytest.mark.parametrize(
    ("busy", "expected"), [(20.0, {}), (19.5, {}), (15.0, {"littles-law": "doubt"})]
)
def test_of_a_turn_it_is_known_how_many_were_in_flight(
    busy: float, expected: dict[str, str]
) -> None:
    """Not by answers, of which those of a wave may be older than those that follow it."""
    waves = replace(window(1000.0, 0.026), in_flight_s=busy * window(1000.0, 0.026).duration_s)
    assert kinds(littles_law_off(waves, ClosedLoop(20))) == expected


def test_the_law_is_not_asked_where_it_does_not_hold() -> None:
    """An open loop has no number of connections, and failures have no known times."""
    off = window(1000, 0.001)
    assert littles_law_off(off, ClosedLoop(20))
    assert littles_law_off(off, OpenLoop(1000)) == ()
    failing = load_result(1000, 1.0, failures={"timeout": 1})
    assert littles_law_off(failing, ClosedLoop(20)) == ()
    assert littles_law_off(load_result(0), ClosedLoop(20)) == ()


def test_few_samples() -> None:
    """Per operation: a mixed load may have many of one and few of another."""
    assert too_few_samples(load_result(100), LONGER) == ()
    assert kinds(too_few_samples(load_result(99), LONGER)) == {"few-samples": "doubt"}
    assert "99 of read" in too_few_samples(load_result(99), LONGER)[0].message


def test_a_window_without_any_answer_is_invalid() -> None:
    """There is nothing to doubt, since there is no figure."""
    assert kinds(too_few_samples(load_result(0), LONGER)) == {"no-samples": "invalid"}


def test_warm_up() -> None:
    """A cell without a warm-up was meant to have none."""
    assert unsteady_warm_up(None) == ()
    assert unsteady_warm_up(WarmUp(1.0, 500, steady=True)) == ()
    found = unsteady_warm_up(WarmUp(1.0, 500, steady=False))
    assert kinds(found) == {"unsteady-warm-up": "doubt"}


def test_rows_that_ran_out() -> None:
    """A window that ended for want of rows to delete says so; its figure is of a shorter time."""
    assert ran_out(load_result()) == ()
    found = ran_out(load_result(1000, 0.7, ran_out=True))
    assert kinds(found) == {"ran-out": "doubt"}
    assert "0.70 s" in found[0].message
