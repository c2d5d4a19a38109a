"""results/index.html: every run that is there, read again only when it has changed."""

from pathlib import Path

import pytest

from bench import listing
from bench.listing import files_of, write_index
from bench.model import CellResult
from bench.store import RunStore
from tests.unit.factories import cell, record

OLD, NEW, TORN = "20261101-080000", "20261102-080000", "20261103-080000"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Two runs, a torn one, a page, a hidden file and a link that leads out."""
    results = tmp_path / "results"
    for run_id in (OLD, NEW):
        store = RunStore(results / run_id)
        store.create()
        store.write_record(record(run_id=run_id))
        store.append_cells(whole_round(1))
    (results / TORN).mkdir()
    (results / TORN / "run.json").write_text('{"schema')
    (results / NEW / "report.html").write_text("the page")
    (results / NEW / ".hidden").write_text("hidden")
    (results / NEW / "link.txt").symlink_to(tmp_path)
    return results


def whole_round(number: int) -> tuple[CellResult, ...]:
    """Each target of the record's plan, measured once."""
    return tuple(cell(number, target) for target in ("fastapi", "flask", "drf"))


def written(results: Path) -> str:
    """The index, written now."""
    write_index(results, results.parent / "cache")
    return (results / "index.html").read_text()


def test_every_run_is_listed_newest_first(results: Path) -> None:
    """What cannot be read is told with its reason, not hidden."""
    text = written(results)
    assert text.index(TORN) < text.index(NEW) < text.index(OLD)
    assert "is torn, or no JSON" in text
    assert f'href="./{NEW}/report.html"' in text
    assert f'href="./{OLD}/report.html"' not in text


def test_files_are_listed_but_what_is_hidden_or_leads_out(results: Path) -> None:
    """With their sizes, by their path in the run's folder; the index leads to them."""
    sizes = {file.path: file.size_bytes for file in files_of(results / NEW)}
    assert sizes.keys() == {"report.html", "rounds.jsonl", "run.json"}
    assert sizes["report.html"] == len("the page")
    assert f'href="./{OLD}/rounds.jsonl"' in written(results)


def test_a_run_is_read_again_only_when_it_has_changed(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A results folder with many runs is listed in no time; a deleted run goes from the list."""
    before = written(results)
    read = []
    monkeypatch.setattr(
        listing.RunStore, "read", lambda store: read.append(store.directory.name) or 1 / 0
    )
    assert written(results) == before
    assert read == []
    for path in (results / OLD).iterdir():
        path.unlink()
    (results / OLD).rmdir()
    assert OLD not in written(results)


def test_a_changed_run_is_read_again(results: Path) -> None:
    """It goes on, ends, or gets a page."""
    assert "1 of 2" in written(results)
    RunStore(results / NEW).append_cells(whole_round(2))
    RunStore(results / OLD).append_cells(whole_round(2))
    assert "1 of 2" not in written(results)


@pytest.mark.parametrize("kept", ["", "{", '{"x": 1}'])
def test_a_damaged_cache_costs_time_and_nothing_else(results: Path, kept: str) -> None:
    """What was kept is no more than what can be read again."""
    before = written(results)
    (results.parent / "cache" / "runs.json").write_text(kept)
    assert written(results) == before


def test_without_runs_it_says_how_to_make_one(tmp_path: Path) -> None:
    """The first thing that a new folder says."""
    assert "make bench" in written(tmp_path)
