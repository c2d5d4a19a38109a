"""Reports say what the records say: nothing is left out, nothing made up."""

import html
import io
import logging
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import Mock

import pytest
from rich.console import Console

from bench.analysis.diagnostics.collected import diagnostics_of, raised_diagnostics
from bench.analysis.history import history_of
from bench.analysis.series import series
from bench.analysis.stored import StoredRun
from bench.errors import StoreError
from bench.live.classic import ClassicLog, phase_lines, total_lines
from bench.live.observer import cell_line
from bench.metrics import METRICS
from bench.model import ClosedLoop, Diagnostic, Sweep
from bench.report.render.html import html_page
from bench.report.render.markdown import markdown
from bench.report.render.terminal import print_diagnostics, print_document, print_table
from bench.report.run import run_document
from bench.report.sections.cost import cost_table, use_table
from bench.report.sections.figures import figure_tables
from bench.report.sections.throughput import speed_table
from bench.store import RunStore
from bench.targets import known_targets

from .factories import cell, load_result, plan, record, role_cost, window, with_study

FLASK = next(target for target in known_targets() if target.name == "flask")


def printed(run) -> str:
    console = Console(file=io.StringIO(), width=120)
    print_document(console, run_document(StoredRun(run)))
    return console.file.getvalue()


def test_rows_follow_the_plan() -> None:
    """Workloads and targets come in plan order, whatever order they were measured in."""
    cells = (cell(1, "drf"), cell(1, "fastapi"), cell(1, "flask"))
    rows = speed_table(record(cells=cells)).rows
    assert [str(row[1]) for row in rows] == ["fastapi", "flask", "drf"]


def test_crud_shows_its_four_phases() -> None:
    """Each phase of the scenario is a row of its own."""
    phases = tuple(window(name) for name in ("create", "read", "update", "delete"))
    run = record(
        plan=plan(workloads=("crud",), targets=("flask",)),
        cells=(cell(1, "flask", "crud", phases=phases),),
    )
    assert [target_series.title for target_series in series(run)] == [
        "crud: create",
        "crud: read",
        "crud: update",
        "crud: delete",
    ]


def test_an_unfit_target_is_shown_and_not_measured() -> None:
    """A target that failed its contract has a row, no figures, and its reason."""
    run = record(cells=(cell(1, "flask", phases=(), unfit="POST /items/ answered 500"),))
    (row,) = speed_table(run).rows
    assert "not measured" in row
    assert "POST /items/ answered 500" in markdown(run_document(StoredRun(run)))
    assert "POST /items/ answered 500" in printed(run)
    assert cost_table(run).rows[0][-1] == "not measured"


def test_failures_are_in_the_table() -> None:
    """Successes of all asked, failures counted."""
    bad = window(load=load_result(990, failures={"status 500": 10}))
    (row,) = speed_table(record(cells=(cell(phases=(bad,)),))).rows
    assert "990/1,000" in row
    assert row[7] == "10"


def test_figures_that_must_not_be_used_are_marked_in_every_table() -> None:
    """One invalid round is enough; the table says which doubt it was. Others bear no mark."""
    bad = Diagnostic("errors", "3 failed", "See its log.", "invalid")
    mild = Diagnostic("swap", "2 pages", "Free memory.")
    run = record(
        plan=plan(targets=("flask", "drf")),
        cells=(
            cell(1, "flask", phases=(window(diagnostics=(bad, mild)),)),
            cell(2, "flask"),
            cell(1, "drf", phases=(window(diagnostics=(mild,)),)),
        ),
    )
    for table in (speed_table(run), cost_table(run), use_table(run)):
        assert [str(row[1]) for row in table.rows] == ["flask ✕ 1 of 2", "drf"]
        assert "✕: so many of its rounds are invalid (errors)." in table.caption
    (table,) = figure_tables(StoredRun(run))
    assert ["✕" in heading for heading in table.columns] == [False, False, True, False]
    assert "errors" in table.caption
    assert "✕" not in speed_table(record(cells=(cell(),))).caption


def test_costs_and_memory_have_their_intervals() -> None:
    """No mean over rounds stands without its ±, and the widest of them fits a narrow terminal."""
    rounds = [
        window(
            load=load_result(1000, 2.0),
            app=role_cost(1.2 + number / 10, 102_400_000 + number * 10_000_000),
            database=role_cost(1.1 + number / 10, 78_500_000),
            generator=role_cost(1.1 + number / 20),
        )
        for number in range(3)
    ]
    run = record(
        plan=plan(targets=("fastapi",), workloads=("crud",)),
        cells=tuple(
            cell(number, "fastapi", "crud", phases=(replace(measured, phase="create"),))
            for number, measured in enumerate(rounds, start=1)
        ),
    )
    (costs,), (uses,) = cost_table(run).rows, use_table(run).rows
    assert costs[2:5] == ("1,300 ±248", "1,200 ±248", "1,150 ±124")
    assert uses[2:] == ("65 ±12", "60 ±12", "58 ±6", "112.4 ±24.8", "78.5 ±0.0")
    console = Console(file=io.StringIO(), width=110)
    for table in (cost_table(run), use_table(run)):
        print_table(console, table)
    assert "…" not in console.file.getvalue()


def test_a_run_without_cells_renders() -> None:
    """Interrupted before the first cell: tables without rows, and it says so."""
    run = record(state="interrupted")
    assert "interrupted" in markdown(run_document(StoredRun(run)))
    assert "interrupted" in printed(run)


def test_warnings_are_gathered_gravest_first() -> None:
    """Each kind once, with its count."""
    note = Diagnostic("swap", "swap is in use", "swapoff -a", "note")
    bad = Diagnostic("errors", "3 failed", "see the log", "invalid")
    run = record(
        diagnostics=(note,),
        cells=(
            cell(1, phases=(window(diagnostics=(bad,)),)),
            cell(2, phases=(window(diagnostics=(bad,)),)),
        ),
    )
    assert [(diagnostic.code, count) for diagnostic, count in raised_diagnostics(run)] == [
        ("errors", 2),
        ("swap", 1),
    ]


def test_an_invalid_round_is_in_no_figure_but_the_counts() -> None:
    """Rate, times and cost are those of the valid rounds, as in a history; failures are told."""
    bad = Diagnostic("errors", "900 failed", "See its log.", "invalid")
    spoilt = window(load=load_result(100, failures={"status 500": 900}), diagnostics=(bad,))
    cells = (cell(1, "flask", phases=(spoilt,)), cell(2, "flask"), cell(3, "flask"))
    run = record(plan=plan(targets=("flask",), rounds=3), cells=cells)
    (row,) = speed_table(run).rows
    speed = tuple(map(str, row))
    assert speed[1:3] == ("flask ✕ 1 of 3", "500 ±0")
    assert speed[6:8] == ("2,100/3,000", "900")
    (trend, *_) = history_of([run], run).trends
    assert trend.points[0].estimate == METRICS["rate"].estimate(series(run)[0].usable)
    (table,) = figure_tables(StoredRun(run))
    told = {row[0]: row[2] for row in table.rows}
    assert (told["requests/s"], told["failed"]) == ("500 ±0", "900")
    text = html_page(run_document(StoredRun(run)))
    assert "500 requests/s" in text
    assert "1 of 3 rounds invalid and left out" in text
    assert 'data-target="flask"' in text
    (row,) = speed_table(record(plan=plan(targets=("flask",)), cells=cells[:1])).rows
    alone = tuple(map(str, row))
    assert alone[1:3] == ("flask ✕ 1 of 1", "50")


def test_every_form_of_a_report_has_the_same_doubts() -> None:
    """What weakens the run as a whole is told where figures are pasted, too: page, Markdown and
    terminal; of a bench and of a study.
    """
    one_round = record(cells=(cell(),), state="interrupted")
    torn = "samples.jsonl, line 7 is torn and left out"
    for run in (one_round, with_study(one_round, Sweep((1, 2)))):
        material = StoredRun(run, unreadable=(torn,))
        document = run_document(material)
        console = Console(file=io.StringIO(), width=120)
        print_document(console, document)
        forms = (
            markdown(document),
            console.file.getvalue(),
            html.unescape(html_page(document)),
        )
        found = diagnostics_of(material)
        assert {"incomplete", "unreadable", "one-round"} <= {
            diagnostic.code for diagnostic, _ in found
        }
        for diagnostic, _ in found:
            for text in forms:
                assert diagnostic.message in text
                assert diagnostic.remedy in text


def test_each_unfit_target_is_a_doubt_of_its_own() -> None:
    """Two that failed differently are two faults to mend; rounds of one are counted."""
    run = record(
        cells=(
            cell(1, "flask", phases=(), unfit="it answered 500"),
            cell(1, "drf", phases=(), unfit="it ended"),
            cell(2, "drf", phases=(), unfit="it ended"),
        )
    )
    told = {diagnostic.message: count for diagnostic, count in raised_diagnostics(run)}
    assert told == {
        "flask was not measured: it answered 500": 1,
        "drf was not measured: it ended": 2,
    }


def test_what_helps_an_unfit_target_is_what_its_failure_says() -> None:
    """Its log, where nothing better is known: also where a command stands in the log itself."""
    unfit = cell(1, "flask", phases=(), unfit="it ended. Its log:\nsee `make help`")
    port = cell(1, "drf", phases=(), unfit="its port is taken", remedy="Stop that process.")
    told = raised_diagnostics(record(cells=(unfit, port)))
    assert [diagnostic.remedy for diagnostic, _ in told] == ["See its log.", "Stop that process."]


def test_a_log_is_no_markup_in_markdown() -> None:
    """Of what a service has said there is one line, and none of it opens a fence or a list."""
    unfit = "*it* ended_with `x` [1]:\n```\n# traceback\n```"
    text = markdown(
        run_document(StoredRun(record(cells=(cell(1, "flask", phases=(), unfit=unfit),))))
    )
    assert r"\*it\* ended\_with \`x\` \[1\]:" in text
    assert "```" not in text
    assert "traceback" not in text


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_remedy_can_be_pasted_from_any_console(is_terminal: bool) -> None:
    """It is never broken by the lab: on a terminal it is a line of its own, and a pipe has all in
    one.
    """
    remedy = f"ps -eo pid,args | grep {'-e word ' * 30}".strip()
    console = Console(file=io.StringIO(), width=80, force_terminal=is_terminal, color_system=None)
    diagnostic = Diagnostic("busy", "others [do] run here", remedy)
    print_diagnostics(console, [(diagnostic, 2)])
    seen = "doubt: others [do] run here (2 times)."
    said = console.file.getvalue()
    if is_terminal:
        assert [line.rstrip() for line in said.splitlines()] == [seen, remedy]
    else:
        assert said == f"{seen} {remedy}\n"


def test_markdown_names_machine_commit_and_versions() -> None:
    """A figure without its circumstances is worth nothing."""
    text = markdown(run_document(StoredRun(record(cells=(cell(),)))))
    for fact in ("Test CPU", "abc123", "flask 3.1.3", "18.6", "CPU 1", "process", "seed 1"):
        assert fact in text


def test_open_loop_is_called_latency_and_closed_loop_service_time() -> None:
    """Closed-loop times hide the queue; they are not sold as latency."""
    run = record(plan=plan(pacing=ClosedLoop(5)), cells=(cell(),))
    assert "service time" in speed_table(run).caption
    assert "latency" not in speed_table(run).caption


def test_the_classic_log_has_the_originals_lines() -> None:
    """Duration, Success n/m, Failures and RPS in the form of the original script."""
    lines = phase_lines("FLASK", window("create", load=load_result(500, 2.0)))
    assert lines[:5] == [
        "FLASK create =>",
        "  Duration: 2.00s",
        "  Success: 500/500",
        "  Failures: 0",
        "  RPS: 250.00",
    ]
    assert any("p50" in line and "p99" in line for line in lines)
    assert any("PSS" in line for line in lines)


def test_the_classic_total_leaves_pauses_out() -> None:
    """The scenario's duration is the sum of its windows."""
    windows = (window(load=load_result(500, 1.0)), window(load=load_result(500, 3.0)))
    assert total_lines("FLASK", windows) == [
        "FLASK =>",
        "  Duration: 4.00s",
        "  Success: 1000/1000",
        "  Failures: 0",
        "  RPS: 250.00",
    ]


def test_the_classic_log_file(tmp_path) -> None:
    """The name and the lines that the original's users know; what failed is an ERROR line."""
    log = ClassicLog(tmp_path, "192.168.1.10")
    log.started()
    log.cell_started(FLASK, "read", 1)
    log.cell_finished(FLASK, cell())
    log.cell_finished(FLASK, cell(phases=(), unfit="it is down"))
    log.finished()
    log.close()
    (path,) = tmp_path.glob("api_benchmark_????????_??????.log")
    lines = path.read_text().splitlines()
    assert all(line.count(" - ") >= 2 for line in lines)
    assert any(" - INFO -   RPS: 500.00" in line for line in lines)
    assert any(" - ERROR - FLASK - not measured: it is down" in line for line in lines)
    assert any("at http://192.168.1.10:" in line for line in lines)


def test_what_libraries_log_stays_out_of_the_classic_log(tmp_path) -> None:
    """The log is the benchmark's alone: a message to the root logger does not reach it."""
    log = ClassicLog(tmp_path, "127.0.0.1")
    log.started()
    logging.getLogger().error("a library has something to say")
    log.close()
    (path,) = tmp_path.iterdir()
    assert "a library" not in path.read_text()


def test_a_classic_log_that_cannot_be_written_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full disk is told once, with its remedy, and not by a traceback for each line."""
    now = datetime(2026, 11, 22, 10, tzinfo=UTC)
    monkeypatch.setattr("bench.live.classic.datetime", Mock(now=lambda: now))
    (tmp_path / "api_benchmark_20261122_100000.log").symlink_to("/dev/full")
    RunStore(tmp_path).write_record(record())
    log = ClassicLog(tmp_path, "127.0.0.1")
    with pytest.raises(StoreError, match="No space left on device") as caught:
        log.started()
    assert f"RESUME={tmp_path.name}" in caught.value.remedy
    with pytest.raises(StoreError, match="No space left on device"):
        log.close()  # what was not written then is tried again
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (cell(), "500 req/s"),
        (cell(phases=(window(load=load_result(9, failures={"reset": 1})),)), "1 FAILED"),
        (cell(phases=(), unfit="it is down\nlong log"), "not measured: it is down"),
    ],
)
def test_a_finished_cell_in_one_line(measured, expected: str) -> None:
    """What scrolls by while a run is under way."""
    assert expected in cell_line(measured, FLASK)
