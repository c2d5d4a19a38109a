"""A run knows which cells it must have, each once; what cannot be is left out and told."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.analysis.completeness import missing, missing_words, split, whole_rounds
from bench.analysis.diagnostics.collected import diagnostics_of
from bench.analysis.stored import StoredRun
from bench.analysis.validity import rounds_of
from bench.errors import StoreError, UsageError
from bench.experiment.resumption import unfinished
from bench.listing import write_index
from bench.model import ClosedLoop, Diagnostic, RunRecord, Saturation, Sweep
from bench.report.facts import run_line
from bench.store import RunStore, sound, stored_runs

from .factories import cell, plan, record, role_cost

PLAN = plan(targets=("flask", "drf"), rounds=2)
CELLS = tuple(cell(number, target) for number in (1, 2) for target in ("flask", "drf"))
WHOLE = record(plan=PLAN, cells=CELLS)


def codes(run: RunRecord) -> dict[str, str]:
    return {diagnostic.code: diagnostic.message for diagnostic, _ in diagnostics_of(StoredRun(run))}


def test_a_whole_run_misses_nothing() -> None:
    """Each cell is there once."""
    assert missing(WHOLE) == ()
    assert whole_rounds(WHOLE) == rounds_of(WHOLE) == 2
    assert "missing-cells" not in codes(WHOLE)


def test_a_round_without_one_of_its_cells_is_no_round() -> None:
    """Said with what is missing and how to get it, though each round has something."""
    torn = replace(WHOLE, cells=CELLS[:-1])
    assert rounds_of(torn) == 1
    assert codes(torn)["missing-cells"] == ("3 of 4 cells are there; missing: drf read in round 2")
    assert "1 of 2 rounds" in run_line(torn)
    (told,) = (
        diagnostic
        for diagnostic, _ in diagnostics_of(StoredRun(torn))
        if diagnostic.code == "missing-cells"
    )
    assert f"RESUME={torn.run_id}" in told.remedy
    assert missing_words(missing(replace(WHOLE, cells=()))) == (
        "flask read in round 1, drf read in round 1, flask read in round 2, and 1 more"
    )


def test_an_added_round_has_to_be_whole_too() -> None:
    """Rounds beyond the plan are its cells as soon as they are begun."""
    added = replace(WHOLE, cells=(*CELLS, cell(3, "flask")))
    assert [key[:2] for key in missing(added)] == [(3, "drf")]


def test_a_study_has_the_cells_that_it_plans() -> None:
    """A sweep each level; of a search nobody knows before."""
    sweep = replace(PLAN, study=Sweep((1, 8)), rounds=1)
    rung = replace(cell(1, "flask"), pacing=ClosedLoop(8))
    assert len(missing(record(plan=sweep, cells=(rung,)))) == 3
    search = replace(PLAN, study=Saturation(0.1, "constant", 20))
    assert missing(record(plan=search, cells=(rung,))) == ()


def test_a_run_that_misses_cells_can_be_resumed(tmp_path: Path) -> None:
    """Even when it was called complete; a whole one cannot."""
    store = RunStore(tmp_path / "run")
    store.create()
    store.write_record(WHOLE)
    store.append_cells(CELLS[:-1])
    assert len(unfinished(store)[0].cells) == 3
    store.append_cells(CELLS[-1:])
    with pytest.raises(UsageError, match="is complete"):
        unfinished(store)


def test_a_double_line_counts_once(tmp_path: Path) -> None:
    """Copied by hand or by a sync: told, and not a round more for every interval."""
    store = RunStore(tmp_path / "run")
    store.create()
    store.write_record(WHOLE)
    store.append_cells(CELLS)
    store.append_cells(CELLS[1:2])
    read, left_out = store.read()
    assert read.cells == CELLS
    assert [(torn_line.line, torn_line.how) for torn_line in left_out] == [(5, "double")]


def test_a_resumed_run_says_so() -> None:
    """And which rounds were measured in two sittings."""
    times = ("2026-11-22T10:00:00.000+00:00", "2026-11-22T10:00:09.000+00:00")
    early, late = (replace(cell(1, target), started_at=at) for target, at in
                   zip(PLAN.targets, times, strict=True))  # fmt: skip
    run = replace(WHOLE, cells=(early, late), resumed_at=("2026-11-22T10:00:05.000+00:00",))
    assert split(run) == ((1, "read"),)
    assert "resumed within read in round 1" in codes(run)["split-round"]
    assert "resumed 1 time;" in run_line(run)
    assert split(replace(run, cells=(replace(early, started_at=times[1]), late))) == ()
    assert "resumed" not in run_line(WHOLE)


Spoil = Callable[[dict[str, Any]], object]
IMPOSSIBLE: dict[str, tuple[Spoil, str]] = {
    "no duration": (lambda line: line["phases"][0]["load"].update(duration_s=0), "a window of 0"),
    "negative": (lambda line: line["phases"][0]["load"].update(succeeded=-1), "-1 requests"),
    "endless": (lambda line: line["phases"][0]["load"].update(duration_s=1e999), "a window of inf"),
    "no number": (lambda line: line["phases"][0]["app"].update(cpu_s=float("nan")), "nan s of CPU"),
    "less than none": (lambda line: line["phases"][0]["app"].update(cpu_s=-5), "-5.0 s of CPU"),
    "no share": (
        lambda line: line["phases"][0]["load"].update(served=float("nan")),
        "nan requests served",
    ),
    "nothing served": (
        lambda line: line["phases"][0]["load"].update(served=0.0),
        "0.0 requests served of",
    ),
    "histogram": (
        lambda line: line["phases"][0]["load"]["latency"]["read"].update(hdr="HISTFAAAAA=="),
        "a damaged histogram of read",
    ),
    "count": (
        lambda line: line["phases"][0]["load"]["latency"]["read"].update(count=1),
        "a damaged histogram of read",
    ),
    "stranger": (lambda line: line.update(target="pyramid"), "is none of this run's"),
    "round 0": (lambda line: line.update(round=0), "is none of this run's"),
    "round of all rounds": (lambda line: line.update(round=10**9), "is none of this run's"),
}


@pytest.mark.parametrize(("spoil", "words"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_cannot_be_is_left_out_and_told(tmp_path: Path, spoil: Spoil, words: str) -> None:
    """It is JSON, and nonsense all the same: the rest of the run is read."""
    store = RunStore(tmp_path / "run")
    store.create()
    store.write_record(WHOLE)
    store.append_cells(CELLS)
    first, *others = store.rounds.read_text().splitlines()
    told = json.loads(first)
    spoil(told)
    store.rounds.write_text("\n".join([json.dumps(told), *others]) + "\n")
    read, (left_out,) = store.read()
    assert read.cells == CELLS[1:]
    assert left_out.line == 1
    assert words in left_out.why
    assert left_out.diagnostic.code == "impossible-line"
    assert "rounds.jsonl, line 1 is impossible" in left_out.diagnostic.message


def test_less_than_no_cpu_that_was_told_when_it_was_measured_is_read(tmp_path: Path) -> None:
    """Its window is invalid already: the cell stays, and so do its other figures."""
    store = RunStore(tmp_path / "run")
    store.create()
    store.write_record(WHOLE)
    told = Diagnostic("impossible-cpu", "-5 s of CPU", "Measure again.", "invalid")
    (spoilt,) = CELLS[0].phases
    spoilt = replace(spoilt, app=role_cost(-5), diagnostics=(told,))
    store.append_cells((replace(CELLS[0], phases=(spoilt,)), *CELLS[1:]))
    read, left_out = store.read()
    assert len(read.cells) == len(CELLS)
    assert left_out == ()


def test_one_bad_run_costs_no_other_its_page(tmp_path: Path) -> None:
    """Provenance may say anything: that run is told of by name, and the others are listed."""
    for name, provenance in (("bad", {"machine": 7, "source": [1]}), ("good", WHOLE.provenance)):
        store = RunStore(tmp_path / name)
        store.create()
        store.write_record(replace(WHOLE, provenance=provenance))
        store.append_cells(CELLS)
    write_index(tmp_path, tmp_path / ".cache")
    page = (tmp_path / "index.html").read_text()
    assert "good" in page
    assert "bad" in page
    with (
        pytest.raises(StoreError, match="run bad says something") as caught,
        sound(tmp_path / "bad"),
    ):
        raise TypeError("a list has no name")
    assert "other runs are not touched" in caught.value.remedy


def stored(folder: Path) -> Path:
    store = RunStore(folder)
    store.create()
    store.write_record(WHOLE)
    store.append_cells(CELLS)
    return folder


@pytest.mark.parametrize(
    "name", ["javascript:alert(1)", "<img src=x>", "a\nb", "b\udcff", ".x", "-x"]
)
def test_a_folder_that_no_run_has_is_not_looked_into(tmp_path: Path, name: str) -> None:
    """Its name would be a link's address, or break the page of all the others."""
    stored(tmp_path / "20261101-080000")
    stored(tmp_path / name)
    assert [stored_run.directory.name for stored_run in stored_runs(tmp_path)] == [
        "20261101-080000"
    ]
    write_index(tmp_path, tmp_path / ".cache")
    assert 'href="./20261101-080000/' in (tmp_path / "index.html").read_text()


def test_what_is_no_run_is_not_looked_into(tmp_path: Path) -> None:
    """Links to elsewhere, and special files, which would be waited for or have no end."""
    inside, outside = tmp_path / "results", tmp_path / "outside"
    run = stored(inside / "run")
    stored(outside)
    (outside / "private.txt").write_text("private")
    (inside / "link").symlink_to(outside)
    (inside / "pipe").mkdir()
    os.mkfifo(inside / "pipe" / "run.json")
    os.mkfifo(run / "samples.jsonl")
    assert [stored_run.directory.name for stored_run in stored_runs(inside)] == ["run"]
    with pytest.raises(StoreError, match="is no file"):
        RunStore(run).read_samples()
    write_index(inside, tmp_path / "cache")
    assert "private" not in (inside / "index.html").read_text()
