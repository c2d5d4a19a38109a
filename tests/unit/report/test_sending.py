"""The sender's own lateness stands beside the latencies, wherever those are read."""

import io

import pytest
from rich.console import Console

from bench.analysis.stored import StoredRun
from bench.model import Lateness, OpenLoop, RunRecord
from bench.report.render.markdown import markdown
from bench.report.render.terminal import print_document
from bench.report.run import run_document
from bench.report.sections.latency import latency, sending_table
from bench.report.tidy import tidy

from ..factories import cell, distribution, load_result, plan, record, window

PACING = OpenLoop(500)


def late(tail_s: float, *, kept: bool = True) -> Lateness:
    """990 requests sent 0.05 ms late, 10 by `tail_s`; three never sent."""
    times = distribution([0.00005] * 990 + [tail_s] * 10) if kept else None
    return Lateness(0.00005, 0.00005, tail_s, 10, 3, times)


def run_of(*lateness: Lateness | None) -> RunRecord:
    cells = tuple(
        cell(number, pacing=PACING, phases=(window(load=load_result(lateness=cell_lateness)),))
        for number, cell_lateness in enumerate(lateness, start=1)
    )
    return record(plan=plan(targets=("flask",), pacing=PACING, rounds=2), cells=cells)


def test_lateness_of_all_rounds_together() -> None:
    """Percentiles are those of all requests, not a mean of the rounds'; counts are sums."""
    table = sending_table(run_of(late(0.002), late(0.008)))
    assert table is not None
    (row,) = table.rows
    assert tuple(map(str, row)) == ("read", "flask", "0.05", "0.05", "8.00", "20", "6")


def test_runs_that_kept_no_distribution_tell_their_worst_round() -> None:
    """Percentiles of several rounds cannot be put together without it."""
    told = Lateness(0.0001, 0.003, 0.009, 40, 0)
    table = sending_table(run_of(told, late(0.002, kept=False)))
    assert table is not None
    assert table.rows[0][2:] == ("0.10", "3.00", "9.00", "50", "3")


def test_nothing_sent_is_nothing_told() -> None:
    """A window in which all was unsent has no lateness, and says how many there were."""
    table = sending_table(run_of(Lateness(None, None, None, 0, 9)))
    assert table is not None
    assert table.rows[0][2:] == ("–", "–", "–", "0", "9")


def test_a_closed_loop_has_no_such_table() -> None:
    """Its requests are due when the answer before has come."""
    assert sending_table(run_of(None)) is None
    assert "Sending" not in markdown(run_document(StoredRun(run_of(None))))


def test_it_stands_in_every_report() -> None:
    """Terminal, Markdown and page show one table; the tidy table has a column per figure."""
    run = run_of(late(0.002), late(0.008))
    console = Console(file=io.StringIO(), width=120)
    print_document(console, run_document(StoredRun(run)))
    section = latency(StoredRun(run))
    assert section is not None
    assert sending_table(run) in [getattr(block, "table", None) for block in section.blocks]
    for text in (console.file.getvalue(), markdown(run_document(StoredRun(run)))):
        assert "Sending" in text
        assert "late p99 ms" in text
    first = tidy(run).to_pylist()[0]
    assert first["late_max_ms"] == pytest.approx(2.0)
    assert (first["late_requests"], first["unsent_requests"]) == (10, 3)
    assert tidy(run_of(None)).to_pylist()[0]["unsent_requests"] is None
