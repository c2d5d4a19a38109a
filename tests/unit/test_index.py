"""The index of runs: what it tells, and what it can be narrowed by."""

import re
from dataclasses import replace

from bench.model import Diagnostic, Sweep
from bench.report.document import RunFile, RunRow
from bench.report.index import filter_fields, index_document, run_row
from bench.report.render.html import html_page

from .factories import cell, plan, record, window, with_study

DOUBT = Diagnostic("steal", "the hypervisor took 5 %", "Ask for dedicated CPUs.")
INVALID = Diagnostic("errors", "3 failed", "See its log.", "invalid")

CLEAN = run_row(record(run_id="1", cells=(cell(1), cell(2))), has_page=True)
DOUBTFUL = run_row(
    record(
        run_id="2",
        state="interrupted",
        plan=plan(targets=("drf",), workloads=("list",), profile="standard"),
        cells=(cell(1, "drf", "list", phases=(window("list", diagnostics=(DOUBT,)),)),),
    ),
    has_page=False,
    files=(RunFile("run.json", 1234),),
)
BAD = run_row(
    record(run_id="3", cells=(cell(1, phases=(window(diagnostics=(INVALID,)),)),)), has_page=True
)
TORN = RunRow("4", problem="run.json cannot be read")
RUNS = (TORN, BAD, DOUBTFUL, CLEAN)


def test_each_run_bears_what_it_can_be_narrowed_by() -> None:
    """The page itself hides what is not asked for: a row's own words decide."""
    text = html_page(index_document(RUNS))
    rows = re.findall(
        r'data-framework="(.*?)" data-workload="(.*?)" data-state="(.*?)" data-profile="(.*?)" '
        r'data-diagnostics="(.*?)"',
        text,
    )
    assert rows == [
        ("", "", "unreadable", "", ""),
        ("fastapi flask drf", "read", "complete", "quick", "invalid"),
        ("drf", "list", "interrupted", "standard", "some"),
        ("fastapi flask drf", "read", "complete", "quick", "none"),
    ]


def test_the_form_offers_what_there_is() -> None:
    """Every target, workload, state and profile of some run, and no other."""
    offered = {field.name: [value for value, _ in field.options] for field in filter_fields(RUNS)}
    assert offered == {
        "framework": ["drf", "fastapi", "flask"],
        "workload": ["list", "read"],
        "state": ["complete", "interrupted", "unreadable"],
        "profile": ["quick", "standard"],
        "diagnostics": ["none", "some", "invalid"],
    }


def test_the_page_names_every_run_with_its_state_and_doubts() -> None:
    """An unreadable run has its reason, a run with a page leads to it, each to its files."""
    text = html_page(index_document(RUNS))
    assert "4 runs" in text
    for word in ("run.json cannot be read", "1 doubt", "1 invalid", "✓ none", "1 of 2"):
        assert word in text
    assert text.index('<th scope="col">diagnostics') < text.index('<th scope="col">started')
    assert 'href="./1/report.html"' in text
    assert 'href="./2/report.html"' not in text
    assert 'href="./2/run.json"' in text


def test_nothing_from_outside_is_markup() -> None:
    """No stored name can put code on the page."""
    evil = '"><script>alert(1)</script>'
    hostile = replace(
        CLEAN, run_id=evil, targets=(evil,), profile=evil, started=evil, files=(RunFile(evil, 1),)
    )
    text = html_page(index_document((hostile,)))
    assert "<script>alert" not in text
    assert '"><script' not in text


def test_without_runs_it_says_how_to_make_one() -> None:
    """An empty index names the command."""
    text = html_page(index_document(()))
    assert "make bench" in text


def test_a_study_is_named() -> None:
    """A sweep is no bench."""
    assert run_row(with_study(record(), Sweep((1, 2))), has_page=False).kind == "sweep"
