"""Metrics: failures never count as speed, pooled figures are pooled, missing ones are dashes."""

from dataclasses import replace

import pytest

from bench.metrics import METRICS
from bench.model import CpuTimes, QueryCounts, Statement

from .factories import load_result, role_cost, window


def test_rate_counts_successes_only() -> None:
    """1,000 successes and 500 failures in 2 s are 500 requests/s."""
    seen = window(load=load_result(1000, 2.0, failures={"status 500": 500}))
    assert METRICS["rate"].value((seen,)) == 500


def test_cost_is_shared_by_all_requests() -> None:
    """2 s of CPU for 1,000 answers, right or wrong, are 2,000 us each."""
    seen = window(load=load_result(600, 2.0, failures={"status 500": 400}), app=role_cost(2.0))
    assert METRICS["app_cost"].value((seen,)) == 2000


def test_a_window_without_answers_has_no_cost() -> None:
    """No request, no cost per request: a dash, not a zero."""
    seen = window(load=load_result(0, 2.0))
    assert METRICS["app_cost"].value((seen,)) is None
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
    seen = (window(load=load_result(800)),)
    assert METRICS["rate"].format_interval(METRICS["rate"].estimate(seen)) == "400"


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


def test_high_percentiles_are_told_only_with_enough_samples() -> None:
    """p99.9 takes 5,000 answers and p99.99 takes 50,000; with fewer there is a dash."""
    few, many = window(load=load_result(4_999)), window(load=load_result(5_000))
    assert METRICS["p99.9"].value((few,)) is None
    assert METRICS["p99.9"].value((many,)) == pytest.approx(10, rel=0.01)
    assert METRICS["p99.99"].value((many,)) is None
    assert METRICS["p99.99"].value((many,) * 10) == pytest.approx(10, rel=0.01)


def test_database_work_is_shared_by_all_requests() -> None:
    """Statements, rows and commits per answer, right or wrong; unknown is a dash, not a zero."""
    counted = QueryCounts((Statement("SELECT", 3000, 6000),), commits=500)
    seen = window(load=load_result(900, failures={"status 500": 100}), queries=counted)
    assert [METRICS[name].value((seen,)) for name in ("queries", "rows", "commits")] == [3, 6, 0.5]
    old = window(queries=QueryCounts(()))
    assert METRICS["commits"].value((old,)) is None
    assert METRICS["queries"].value((window(queries=None),)) is None


def test_traffic_per_request_and_connections_in_all() -> None:
    """Bytes are shared by requests; connections opened are a total of the run."""
    rounds = (window(load=load_result(100)), window(load=load_result(300, connections_opened=1)))
    assert METRICS["request_bytes"].value(rounds) == 100
    assert METRICS["response_bytes"].value(rounds) == 200
    assert METRICS["connections"].value(rounds) == 21


def test_memory_by_kind_and_switches() -> None:
    """USS beside PSS; a peak over rounds is the highest, and unknown where the kernel refused."""
    low = window(app=replace(role_cost(1.0), most_bytes=60_000_000))
    high = window(app=replace(role_cost(1.0), most_bytes=80_000_000))
    assert METRICS["app_private"].value((low,)) == 25
    assert METRICS["app_peak"].value((low, high)) == 80
    assert METRICS["database_peak"].value((low, high)) is None
    # 100 voluntary and 10 involuntary switches for 1,000 answers
    assert METRICS["app_switches"].value((low,)) == pytest.approx(0.11)


def test_company_on_the_app_core_is_a_share_of_the_window() -> None:
    """0.1 s of other work and 0.05 s of steal in a window of 2 s."""
    seen = window(app_cpus=CpuTimes(busy_s=2.0, steal_s=0.05, foreign_s=0.1))
    assert METRICS["foreign_cpu"].value((seen,)) == pytest.approx(5)
    assert METRICS["steal"].value((seen,)) == pytest.approx(2.5)
