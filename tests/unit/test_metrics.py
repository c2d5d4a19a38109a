"""Metrics: failures never count as speed, pooled figures are pooled, missing ones are dashes."""

import pytest

from bench.metrics import METRICS

from .factories import load_result, role_cost, window


def test_rate_counts_successes_only() -> None:
    """1,000 successes and 500 failures in 2 s are 500 requests/s."""
    one = window(load=load_result(1000, 2.0, failures={"status 500": 500}))
    assert METRICS["rate"].value((one,)) == 500


def test_cost_is_shared_by_all_requests() -> None:
    """2 s of CPU for 1,000 answers, right or wrong, are 2,000 us each."""
    one = window(load=load_result(600, 2.0, failures={"status 500": 400}), app=role_cost(2.0))
    assert METRICS["app_cost"].value((one,)) == 2000


def test_a_window_without_answers_has_no_cost() -> None:
    """No request, no cost per request: a dash, not a zero."""
    one = window(load=load_result(0, 2.0))
    assert METRICS["app_cost"].value((one,)) is None
    assert METRICS["app_cost"].format(None) == "–"


def test_rates_are_averaged_over_rounds_with_an_interval() -> None:
    """Two rounds of 400 and 600 requests/s: 500, and Student's interval for n = 2."""
    rounds = (window(load=load_result(800)), window(load=load_result(1200)))
    estimate = METRICS["rate"].estimate(rounds)
    assert estimate is not None
    # s = 141.42, s / sqrt(2) = 100, t(0.975, 1) = 12.706
    assert (estimate.point, estimate.n) == (500, 2)
    assert estimate.high - estimate.point == pytest.approx(1270.6, abs=0.1)


def test_one_round_shows_no_interval() -> None:
    """A single round gives a figure without a ±."""
    one = (window(load=load_result(800)),)
    assert METRICS["rate"].format_interval(METRICS["rate"].estimate(one)) == "400"


def test_percentiles_are_pooled_over_rounds() -> None:
    """p95 of both rounds together, not the mean of two p95."""
    from .factories import distribution

    fast = window(load=load_result(latency={"read": distribution([0.010] * 1000)}))
    slow = window(load=load_result(latency={"read": distribution([0.100] * 1000)}))
    assert METRICS["p50"].value((fast, slow)) == pytest.approx(10, rel=0.01)
    assert METRICS["p95"].value((fast, slow)) == pytest.approx(100, rel=0.01)


def test_counts_are_summed_over_rounds() -> None:
    """Successes, failures and durations of a run are totals."""
    rounds = (window(), window(load=load_result(500, 1.0, failures={"timeout": 2})))
    assert METRICS["succeeded"].value(rounds) == 1500
    assert METRICS["failed"].value(rounds) == 2
    assert METRICS["duration"].value(rounds) == 3.0


def test_every_metric_has_a_unit_and_says_what_is_better() -> None:
    """No number without its unit."""
    for metric in METRICS.values():
        assert metric.unit
        assert metric.better in ("higher", "lower", "neither")
        assert metric.format(metric.value((window(),))) != ""
