"""CSV and Parquet hold what rounds.jsonl holds, one row per cell, phase and round."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from pyarrow import parquet

from bench.errors import StoreError, UsageError
from bench.metrics import METRICS
from bench.report.formats import Place, select_formats, write_formats
from bench.report.run import run_document
from bench.report.tidy import column, tidy
from tests.unit.report.materials import RUNS, bench, material


def test_a_row_per_cell_phase_and_round() -> None:
    """Two rounds of crud on three targets have four phases each."""
    assert tidy(RUNS["crud"]).num_rows == 2 * 3 * 4


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_every_metric_is_a_column_with_its_unit(metric) -> None:
    """A new metric appears by itself, and has a unit that a name can carry."""
    field = tidy(bench()).schema.field(column(metric))
    assert field.metadata[b"unit"].decode() == metric.unit


def test_a_unit_that_nobody_has_had_yet_is_spelled_out() -> None:
    """Whoever adds a metric need not know this table."""
    received = replace(METRICS["rate"], name="received", unit="MB/s")
    assert column(received) == "received_MB_per_s"


def test_an_unfit_cell_has_a_row_and_no_figures() -> None:
    """It was there, it was not measured, and it says why."""
    rows = [row for row in tidy(RUNS["unfit"]).to_pylist() if row["target"] == "flask"]
    assert rows
    for row in rows:
        assert row["unfit"].startswith("POST /items/ answered 500")
        assert row["rate_per_s"] is None
        assert not row["usable"]


def test_an_invalid_window_is_kept_and_marked() -> None:
    """Nothing is dropped; what must not be used says so."""
    bad = [row for row in tidy(RUNS["warnings"]).to_pylist() if not row["usable"]]
    assert [row["diagnostics"] for row in bad] == ["errors"]
    assert bad[0]["rate_per_s"] > 0


def test_both_files_hold_the_same(tmp_path: Path) -> None:
    """Read back by other readers than the one that wrote them."""
    run = material("bench")
    write_formats(run, run_document(run), Place(tmp_path, tmp_path), ("csv", "parquet"))
    with (tmp_path / "rounds.csv").open(newline="") as file:
        texts = list(csv.DictReader(file))
    rows = parquet.read_table(tmp_path / "rounds.parquet").to_pylist()
    assert len(texts) == len(rows) == 18
    for text, row in zip(texts, rows, strict=True):
        assert text["target"] == row["target"]
        assert int(text["round"]) == row["round"]
        assert float(text["rate_per_s"]) == pytest.approx(row["rate_per_s"])
        assert text["unfit"] == ""


def test_unknown_formats_are_refused() -> None:
    """With the known ones named; nothing given means page and Markdown."""
    assert select_formats(()) == ()
    with pytest.raises(UsageError, match=r"pdf.*\n.*parquet"):
        select_formats(("html", "pdf"))


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """What was measured is not lost by it, and the remedy says so."""
    run = material("bench")
    with pytest.raises(StoreError, match="What was measured is kept"):
        write_formats(run, run_document(run), Place(tmp_path / "gone", tmp_path), ("md",))
