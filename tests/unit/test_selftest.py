"""The self-test's judgements: each check passes on what it must see, and fails on anything else."""

import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.analysis import selftest
from bench.analysis.selftest import Latencies, SelftestCheck, Sending
from bench.errors import GeneratorFailed
from bench.experiment.ab.rounds import next_of
from bench.experiment.lab import Lab
from bench.experiment.selftest import known_servers
from bench.experiment.selftest.comparison import THRESHOLD, Patience, judged, record_of
from bench.experiment.selftest.twins import PLANTED_SHARE, Twins, make_twins
from bench.experiment.side_lab import FIRST_PORT, free_block
from bench.model import (
    CellResult,
    Diagnostic,
    Estimate,
    Lateness,
    Site,
    Target,
    Verdict,
    VerdictKind,
)
from bench.report.lab import selftest_table
from bench.stats.ratio import paired_log_ratio
from bench.stats.stalling import StallingServer
from bench.stats.verdict import Comparison, judge
from bench.targets import known_targets
from tests.claims import claimed

from .factories import cell, distribution, load_result, placement, role_cost, window

FLASK = next(known for known in known_targets() if known.name == "flask")
STALLING = StallingServer(delay_s=0.005, stall_s=0.2, period_s=1.0)


def failed(*found: SelftestCheck) -> list[str]:
    return [check.name.rpartition(": ")[2] for check in found if not check.passed]


# --- comparisons ------------------------------------------------------------------------------


def verdict(kind: VerdictKind, point: float = 1.0) -> Verdict:
    return Verdict(kind, "b", "a", Estimate(point, point - 0.02, point + 0.02, 0.95, 12), 0.05)


KINDS: tuple[VerdictKind, ...] = (
    "faster",
    "slower",
    "indistinguishable",
    "inconclusive",
    "invalid",
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_twin_must_be_indistinguishable_and_a_planted_slowdown_slower(kind: VerdictKind) -> None:
    """Any other verdict fails the check."""
    assert selftest.judge_identical(verdict(kind)).passed == (kind == "indistinguishable")
    assert selftest.judge_planted(verdict(kind), 0.1).passed == (kind == "slower")


def test_a_comparison_shows_its_figures() -> None:
    """What was seen and what was expected stand side by side."""
    told = selftest.judge_planted(verdict("slower", 0.91), 0.1)
    assert told.seen == "slower: 0.910 [0.890, 0.930], n=12"
    assert told.expected == "slower at 5% (by its CPU: 0.909)"
    asked = Comparison("b", "a", {1: 1.0, 2: None}, {1: 1.0, 2: 1.0})
    [invalid] = judge([asked])
    assert selftest.judge_identical(invalid).seen == "invalid: b in round 2"
    [bound] = judge([replace(asked, causes=("generator-bound",))])
    assert selftest.judge_identical(bound).seen == "invalid: generator-bound: b in round 2"
    [few] = judge([Comparison("b", "a", {1: 1.0}, {1: 1.0})])
    few = replace(few, ratio=None)
    assert selftest.judge_identical(few).seen == f"inconclusive: {few.reason}"


def test_looks_go_on_until_the_last_or_until_time_is_short() -> None:
    """No look is begun that would not be over in time."""
    patience = Patience(looks=(4, 8, 16), limit_s=100)
    assert patience.goes_on(0, 0.0) == 4
    assert patience.goes_on(4, 20.0) == 8
    assert patience.goes_on(8, 49.0) == 16
    assert patience.goes_on(8, 51.0) is None
    assert patience.goes_on(16, 1.0) is None


def test_all_looks_together_keep_the_level() -> None:
    """Looking several times makes no more false alarms than looking once."""
    patience = Patience()
    errors = [1 - patience.level(look) for look in patience.looks]
    assert sum(errors) == pytest.approx(0.05)
    assert [round(100 * error, 1) for error in errors] == [0.2, 0.3, 0.6, 1.3, 2.6]


def target(name: str = "flask") -> Target:
    return replace(FLASK, name=name)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    site = Site(tmp_path, tmp_path, tmp_path, port_offset=30_000)
    # Nothing is started: supervisor, binaries and secrets are not asked.
    return Lab(site, (target(),), (target(),), None, placement(), None, None)  # type: ignore[arg-type]


@pytest.fixture
def twins(lab: Lab) -> Twins:
    return make_twins(lab, target())


def rounds(
    twins: Twins, *, b: float, slow: float, spread: float, count: int = 12
) -> list[CellResult]:
    """Cells whose requests per CPU second have these ratios to `a`, give or take `spread`."""
    noise = np.random.default_rng(1)
    return [
        cell(number, twin.name, "ping", phases=(window("ping", app=role_cost(cpu_s)),))
        for twin, ratio in ((twins.a, 1.0), (twins.b, b), (twins.slow, slow))
        for number, cpu_s in enumerate(
            0.5 / ratio * np.exp(spread * noise.standard_normal(count)), start=1
        )
    ]


PATIENCE = Patience(looks=(12, 24))
"""Its first look is at as many rounds as there are below."""


@pytest.mark.parametrize(
    ("b", "slow", "spread", "expected"),
    [
        (1.0, 1 / 1.1, 0.02, ("indistinguishable", "slower")),
        (1.1, 1 / 1.1, 0.02, ("faster", "slower")),
        (1.0, 1.0, 0.02, ("indistinguishable", "indistinguishable")),
        (1.0, 1 / 1.1, 0.5, ("inconclusive", "inconclusive")),
    ],
)
def test_windows_are_judged_against_the_first(
    twins: Twins, b: float, slow: float, spread: float, expected: tuple[str, str]
) -> None:
    """The twin and the slow one are each compared with the same service."""
    cells = rounds(twins, b=b, slow=slow, spread=spread)
    found = judged(twins, cells, PATIENCE)
    assert tuple(outcome.kind for outcome in found) == expected
    assert [outcome.threshold for outcome in found] == [THRESHOLD] * 2
    step = next_of(record_of(twins, PATIENCE))(cells)
    assert (step.round if step else None) == (13 if "inconclusive" in expected else None)


def test_an_invalid_window_settles_its_comparison(twins: Twins) -> None:
    """A window that must not be used ends the waiting, and touches no other comparison."""
    cells = rounds(twins, b=1.0, slow=0.9, spread=0.02)
    place = next(
        place
        for place, result in enumerate(cells)
        if (result.target, result.round) == (twins.slow.name, 3)
    )
    spoilt = replace(cells[place].phases[0], diagnostics=(Diagnostic("errors", "", "", "invalid"),))
    cells[place] = replace(cells[place], phases=(spoilt,))
    identical, planted = judged(twins, cells, PATIENCE)
    assert (identical.kind, planted.kind) == ("indistinguishable", "invalid")
    assert next_of(record_of(twins, PATIENCE))(cells) is None


def test_half_way_between_both_truths_lies_the_threshold() -> None:
    """On the scale of the logarithm, on which ratios are judged."""
    slow = paired_log_ratio({1: 1 / (1 + PLANTED_SHARE)}, {1: 1.0}).mean
    assert np.log1p(THRESHOLD) == pytest.approx(-slow / 2, rel=0.03)


# --- the generator ----------------------------------------------------------------------------


def seen(
    p50: float = 5.2,
    p95: float = 161,
    p99: float = 201,
    slowest: float = 206,
    served: float = 5.0,
) -> Latencies:
    """One window, in milliseconds."""
    return Latencies(served / 1e3, p50 / 1e3, p95 / 1e3, p99 / 1e3, slowest / 1e3)


def disturbed(*shares: float) -> list[known_servers.ObservedWindow]:
    """Windows with so much of the generator's core stolen; their duration tells them apart."""
    return [
        known_servers.ObservedWindow(load_result(duration_s=number), 0.0, share, 0.0)
        for number, share in enumerate(shares, start=1)
    ]


def test_windows_are_chosen_by_what_else_was_on_the_cores() -> None:
    """Until three were quiet, or no hope is left; then those with the least beside the lab."""
    assert not known_servers.are_enough(disturbed(0.0, 0.1, 0.02))
    assert known_servers.are_enough(disturbed(0.0, 0.1, 0.02, 0.01))
    assert not known_servers.are_enough(disturbed(*[0.1] * (known_servers.TRIES - 1)))
    assert known_servers.are_enough(disturbed(*[0.1] * known_servers.TRIES))
    chosen = known_servers.least_disturbed(disturbed(0.3, 0.1, 0.4, 0.2))
    assert [calm.result.duration_s for calm in chosen] == [2, 4, 1]


def test_a_window_is_disturbed_on_either_core() -> None:
    """Others may have had the generator's time, or the server's."""
    senders = known_servers.ObservedWindow(load_result(), 0.02, 0.03, 0.01)
    servers = known_servers.ObservedWindow(load_result(), 0.0, 0.01, 0.2)
    assert senders.disturbed_share == pytest.approx(0.05)
    assert servers.disturbed_share == 0.2


def test_figures_of_a_window() -> None:
    """The selftest read percentiles and the slowest; a failure is an error."""
    result = load_result(latency={"ping": distribution([0.005] * 96 + [0.1] * 3 + [0.3])})
    found = selftest.latencies(result, 0.005)
    assert found.p50_s == found.p95_s == pytest.approx(0.005, rel=1e-3)
    assert found.p99_s == pytest.approx(0.1, rel=1e-3)
    assert found.max_s == pytest.approx(0.3)
    with pytest.raises(GeneratorFailed, match="reset"):
        selftest.latencies(load_result(0, failures={"reset": 9}), 0.005)


def test_the_median_lets_one_disturbed_window_pass_and_not_two() -> None:
    """One bad window of three is the machine's, two are the lab's."""
    good, bad = seen(), seen(p50=50, p95=500, p99=900, slowest=1000)
    assert selftest.median_latencies([good, bad, good]) == good
    assert selftest.median_latencies([bad, good, bad]) == bad


@pytest.mark.parametrize(("p50", "passes"), [(5.0, True), (5.7, True), (5.8, False), (4.9, False)])
def test_a_constant_service_time(p50: float, passes: bool) -> None:
    """A p50 near the known time passes; too far above or below fails."""
    for pacing in ("open", "closed"):
        assert selftest.judge_constant(pacing, 0.005, [seen(p50)] * 3).passed == passes


def test_a_server_that_was_late_is_no_fault_of_the_generator() -> None:
    """What it took by its own account is the truth; what the generator adds is judged."""
    assert selftest.judge_constant("open", 0.005, [seen(p50=6.2, served=5.5)] * 3).passed
    assert not selftest.judge_constant("open", 0.005, [seen(p50=6.3, served=5.5)] * 3).passed
    assert not selftest.judge_constant("open", 0.005, [seen(p50=4.9, served=5.5)] * 3).passed


@pytest.mark.parametrize(
    ("window", "failures"),
    [
        (seen(), []),
        (seen(p50=5.8), ["p50"]),
        (seen(p95=150), ["p95"]),
        (seen(p95=170), ["p95"]),
        (seen(p99=189), ["p99"]),
        (seen(p99=211), ["p99"]),
        (seen(p95=5.3, p99=5.6), ["p95", "p99"]),  # as a closed loop would show it
        (Latencies(0, 0, 0, 0, 0), ["p50", "p95", "p99"]),
    ],
)
def test_stalls_in_an_open_loop(window: Latencies, failures: list[str]) -> None:
    """Each percentile that a stall must show is checked for itself."""
    assert failed(*selftest.judge_stall_open(STALLING, [window] * 3)) == failures


@pytest.mark.parametrize(
    ("window", "failures"),
    [
        (seen(p95=5.3, p99=5.6), []),
        (seen(p50=6.0, p95=6.1), ["p50"]),
        (seen(p95=17.0), ["p95"]),
        (seen(p95=5.3, slowest=180), ["slowest"]),  # no stall, so that nothing was omitted
        (Latencies(0, 0, 0, 0, 0), ["p50", "p95", "slowest"]),
    ],
)
def test_stalls_in_a_closed_loop(window: Latencies, failures: list[str]) -> None:
    """A closed loop must hide the queue, and show the stall in its slowest."""
    found = selftest.judge_stall_closed(STALLING, [window] * 3, open_p95_s=0.161)
    assert failed(*found) == failures
    assert "(open loop: 161.00 ms)" in found[1].seen


def sending(p50: float = 0.05, p99: float = 0.1, foreign: float = 0, steal: float = 0) -> Sending:
    return Sending(p50 / 1e3, p99 / 1e3, foreign, steal)


@pytest.mark.parametrize(
    ("window", "failures"),
    [
        (sending(), []),
        (sending(p50=0.11), ["p50"]),
        (sending(p50=0.11, foreign=0.5), ["p50"]),
        (sending(p99=1.1), ["p99"]),
        (sending(p99=1.1, foreign=0.01, steal=0.005), ["p99"]),
        (sending(p99=1.1, foreign=0.03), []),
        (sending(p99=1.1, steal=0.03), []),
    ],
)
def test_lateness(window: Sending, failures: list[str]) -> None:
    """A generator that sends late fails by just the percentile that is late."""
    assert failed(*selftest.judge_sending(1000, [window] * 3)) == failures


def test_one_late_window_is_no_proof() -> None:
    """One late window of three passes, two fail."""
    late = sending(p50=2, p99=9)
    assert failed(*selftest.judge_sending(1000, [late, sending(), sending()])) == []
    assert failed(*selftest.judge_sending(1000, [late, late, sending()])) == ["p50", "p99"]


def test_whatever_failed_or_was_left_unsent() -> None:
    """Any failure, any unsent request and an empty window fail."""
    good = load_result()
    unsent = load_result(lateness=Lateness(0.0, 0.0, 0.0, 0, unsent=1))
    assert selftest.judge_failures([good, good]).passed
    assert not selftest.judge_failures([good, load_result(failures={"timeout": 1})]).passed
    assert not selftest.judge_failures([good, unsent]).passed
    assert not selftest.judge_failures([load_result(0)]).passed


# --- CPU accounting ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counted_s", "passes"),
    [(2.0, True), (1.975, True), (2.025, True), (1.965, False), (2.035, False), (0.0, False)],
)
def test_counted_cpu_time(counted_s: float, passes: bool) -> None:
    """Counted CPU time must be what was burnt, within its tolerance."""
    assert selftest.judge_accounting(2.0, counted_s, tick_s=0.01).passed == passes


def test_a_program_that_burnt_nothing_proves_nothing() -> None:
    """Zero counted of zero burnt does not pass."""
    assert not selftest.judge_accounting(0.0, 0.0, tick_s=0.01).passed


# --- the table --------------------------------------------------------------------------------


def test_the_table_says_what_failed() -> None:
    """Each check has a row, and failed ones say so."""
    table = selftest_table(
        [SelftestCheck("one", True, "1", "1"), SelftestCheck("two", False, "3", "2")]
    )
    assert [row[0] for row in table.rows if row[-1] == "FAILED"] == ["two"]
    assert all(len(row) == len(table.columns) == len(table.numeric) for row in table.rows)


# --- the twins --------------------------------------------------------------------------------


def test_twins_differ_in_name_and_ports_and_one_in_its_environment(lab: Lab, twins: Twins) -> None:
    """Beside that they are the service that they are made from."""
    names = {twin.name for twin in twins.in_order}
    ports = {port for twin in twins.in_order for port in (twin.http_port, twin.database_port)}
    assert len(names) == 3
    assert len(ports) == 6
    assert min(ports) >= FIRST_PORT + lab.site.port_offset
    assert len({twins.lab.cluster(twin).unit_name for twin in twins.in_order}) == 3
    assert len({twins.lab.placement_of(twin).app for twin in twins.in_order}) == 1
    for twin in twins.in_order:
        own = ("name", "label", "declared_as", "database_server", "http_port", "database_port")
        flask = target()
        assert twin.declared_as == flask.name
        assert replace(twin, **{name: getattr(flask, name) for name in own}) == flask
    assert set(twins.lab.extra_environment) == {twins.slow.name}
    assert lab.extra_environment == {}
    assert twins.lab.site.state.is_relative_to(lab.site.state)


def test_a_block_with_a_taken_port_is_passed_over() -> None:
    """Blocks are taken one after the other, and one with a listener in it is not taken."""
    with claimed("blocks", 14_000, 400, lambda _: True) as begin:
        first = free_block(begin)
        with socket.create_server(("127.0.0.1", first + 3)):
            assert free_block(first) > first
