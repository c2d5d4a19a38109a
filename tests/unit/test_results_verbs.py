"""The verbs for stored runs: what they find, what they refuse, and where they write."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.cli import results as verbs
from bench.cli import showing
from bench.cli.results import compare, report
from bench.errors import LabError, StoreError
from bench.model import RunRecord
from bench.report.render.terminal import make_console
from bench.store import RunStore

from .factories import cell, plan, record

BENCH = record(
    plan=plan(targets=("flask",)), cells=tuple(cell(number, "flask") for number in (1, 2, 3))
)


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ONECORE_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("ONECORE_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(showing, "out", make_console())
    monkeypatch.setattr(verbs, "err", make_console(stderr=True))
    return tmp_path / "results"


def stored(results: Path, name: str, run: RunRecord = BENCH) -> RunStore:
    store = RunStore(results / name)
    store.create()
    store.write_record(replace(run, run_id="20261122-100000"))
    for result in run.cells:
        store.append_cells((result,))
    return store


def test_a_renamed_run_is_compared_in_its_own_folder(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page lies where the head lies, and both bear the names that were asked for."""
    stored(results, "before")
    head = stored(results, "after")
    compare(base="before", head="after")
    assert (head.directory / "compared-with-before.html").exists()
    assert "Head: run after. Base: run before." in capsys.readouterr().out


def test_a_comparison_tells_of_torn_lines(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is left out of either run is told, as a report tells it."""
    stored(results, "before")
    head = stored(results, "after")
    head.rounds.write_bytes(head.rounds.read_bytes()[:-40])
    compare(base="before", head="after")
    assert "after/rounds.jsonl, line 3 is torn and left out." in capsys.readouterr().err


def test_a_broken_head_fails(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, with the page written all the same."""
    stored(results, "before")
    broken = replace(BENCH, cells=tuple(replace(c, phases=(), unfit="down") for c in BENCH.cells))
    head = stored(results, "after", broken)
    with pytest.raises(LabError, match="BROKEN") as failed:
        compare(base="before", head="after")
    assert failed.value.exit_code == 1
    assert (head.directory / "compared-with-before.html").exists()
    assert "BROKEN" in capsys.readouterr().out


def test_a_damaged_latest_run_is_told_with_the_way_round_it(results: Path) -> None:
    """The plain report names the run that it means, and how to see another one."""
    stored(results, "20261122-100000")
    (results / "20261123-100000").mkdir()
    (results / "20261123-100000" / "run.json").write_text('{"schema_version": 1}')
    with pytest.raises(StoreError, match="20261123-100000") as told:
        report()
    assert "make report RUN=<run-id>" in told.value.remedy
    report(run="20261122-100000", formats="md")
