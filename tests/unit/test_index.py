"""The index of runs: what it tells, and how it is filtered."""

from dataclasses import replace

import pytest

from bench.model import Diagnostic, Sweep
from bench.report.html.render import render
from bench.report.index import Filter, RunSummary, folder_document, index_document, summary_of

from .factories import cell, plan, record, window, with_study

DOUBT = Diagnostic("steal", "the hypervisor took 5 %", "Ask for dedicated CPUs.")
INVALID = Diagnostic("errors", "3 failed", "See its log.", "invalid")

CLEAN = summary_of(record(run_id="1", cells=(cell(1), cell(2))), has_page=True)
DOUBTFUL = summary_of(
    record(
        run_id="2",
        state="interrupted",
        plan=plan(targets=("drf",), workloads=("list",), profile="standard"),
        cells=(cell(1, "drf", "list", phases=(window("list", diagnostics=(DOUBT,)),)),),
    ),
    has_page=False,
)
BAD = summary_of(
    record(run_id="3", cells=(cell(1, phases=(window(diagnostics=(INVALID,)),)),)), has_page=True
)
TORN = RunSummary("4", problem="run.json cannot be read")
RUNS = (TORN, BAD, DOUBTFUL, CLEAN)


def shown(**wanted: str) -> list[str]:
    return [run.run_id for run in RUNS if Filter.of(wanted).takes(run)]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ["4", "3", "2", "1"]),
        ({"framework": "drf"}, ["3", "2", "1"]),
        ({"framework": "flask"}, ["3", "1"]),
        ({"workload": "list"}, ["2"]),
        ({"state": "interrupted"}, ["2"]),
        ({"state": "unreadable"}, ["4"]),
        ({"profile": "standard"}, ["2"]),
        ({"diagnostics": "none"}, ["1"]),
        ({"diagnostics": "some"}, ["2"]),
        ({"diagnostics": "invalid"}, ["3"]),
        ({"framework": "drf", "profile": "quick"}, ["3", "1"]),
        ({"framework": "nope"}, []),
        ({"unknown": "ignored"}, ["4", "3", "2", "1"]),
    ],
)
def test_filters(wanted: dict[str, str], expected: list[str]) -> None:
    """Each on its own, and together."""
    assert shown(**wanted) == expected


def test_the_page_names_every_run_with_its_state_and_doubts() -> None:
    """An unreadable run has its reason, a run without a page leads to its files."""
    text = render(index_document(RUNS, Filter()))
    assert "4 of 4 runs" in text
    for word in ("run.json cannot be read", "1 doubt", "1 invalid", "✓ none", "1 of 2"):
        assert word in text
    assert text.index('<th scope="col">diagnostics') < text.index('<th scope="col">started')
    assert 'href="1/report.html"' in text
    assert 'href="2/"' in text


def test_what_is_chosen_stays_chosen() -> None:
    """The form shows the filter that is in force."""
    text = render(index_document(RUNS, Filter(framework="drf")))
    assert '<option value="drf" selected>' in text
    assert "3 of 4 runs" in text


def test_nothing_from_outside_is_markup() -> None:
    """Neither a query nor a stored name can put code on the page."""
    evil = '"><script>alert(1)</script>'
    hostile = replace(CLEAN, run_id=evil, targets=(evil,), profile=evil, started=evil)
    for page in (
        index_document((hostile,), Filter()),
        index_document(RUNS, Filter.of({"framework": evil})),
        folder_document(evil, [(evil, 1)]),
    ):
        text = render(page)
        assert "<script>alert" not in text
        assert '"><script' not in text


def test_without_runs_it_says_how_to_make_one() -> None:
    """An empty index names the command."""
    text = render(index_document((), Filter()))
    assert "make bench" in text


def test_a_study_is_named() -> None:
    """A sweep is no bench."""
    assert summary_of(with_study(record(), Sweep((1, 2))), has_page=False).kind == "sweep"
