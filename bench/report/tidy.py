"""A run's figures as one tidy table: a row per cell, phase and round, a column per figure.

Units are in the columns' names. Metrics come from their registry, so that a new one appears here
by itself. What a cell does not have is empty, never a 0.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
from pyarrow import csv, parquet

from bench.analysis.validity import is_invalid
from bench.metrics import METRICS, Metric
from bench.model import CellResult, PhaseResult, RunRecord

SUFFIXES: Mapping[str, str] = {
    "requests/s": "per_s",
    "% of a core": "percent_of_core",
    "statements": "per_request",
    "bytes": "per_request",
    "switches": "per_request",
    "rows": "per_request",
    "transactions": "per_request",
    "connections": "opened",
    "% of the app's core": "percent_of_app_core",
}
"""How a unit stands in a column's name, where its own letters would not do."""


def column(metric: Metric) -> str:
    """The name of a metric's column, which ends in its unit: "rate_per_s", "app_cost_us"."""
    spelled_out = re.sub(r"\W+", "_", metric.unit.replace("/", " per "))
    return f"{metric.name}_{SUFFIXES.get(metric.unit, spelled_out)}"


_TEXT = pa.string()
_CELL = (
    *((name, _TEXT) for name in ("run_id", "target", "workload", "phase")),
    ("round", pa.int32()),
    ("started_at", _TEXT),
    ("pacing", _TEXT),
    ("connections", pa.int32()),
    ("offered_rate_per_s", pa.float64()),
    ("usable", pa.bool_()),
    ("limited_by", _TEXT),
    ("diagnostics", _TEXT),
    ("failures", _TEXT),
    ("unfit", _TEXT),
)


def schema() -> pa.Schema:
    """Names and types of all columns; each metric's unit and title stand in its metadata too."""
    metrics = (
        pa.field(
            column(metric), pa.float64(), metadata={"unit": metric.unit, "title": metric.title}
        )
        for metric in METRICS.values()
    )
    return pa.schema([*(pa.field(name, kind) for name, kind in _CELL), *metrics])


def tidy(record: RunRecord) -> pa.Table:
    """The run's rows, in the order measured. A cell that was not measured has one row."""
    rows = [row for cell in record.cells for row in _rows(record.run_id, cell)]
    named = schema().with_metadata(
        {"run_id": record.run_id, "schema_version": str(record.schema_version)}
    )
    return pa.Table.from_pylist(rows, schema=named)


def _rows(run_id: str, cell: CellResult) -> Iterator[dict[str, object]]:
    common: dict[str, object] = {
        "run_id": run_id,
        "target": cell.target,
        "workload": cell.workload,
        "round": cell.round,
        "started_at": cell.started_at,
        "pacing": cell.pacing.kind,
        **cell.pacing.columns,
        "unfit": cell.unfit or None,
        "usable": False,
    }
    if not cell.phases:
        yield common
    for window in cell.phases:
        yield {**common, **_figures(window), "usable": not (cell.unfit or is_invalid(window))}


def _figures(window: PhaseResult) -> dict[str, object]:
    failures = (f"{reason}: {count}" for reason, count in window.load.failures.items())
    return {
        "phase": window.phase,
        "limited_by": window.limited_by or None,
        "diagnostics": " ".join(diagnostic.code for diagnostic in window.diagnostics) or None,
        "failures": "; ".join(failures) or None,
        **{column(metric): metric.per_window(window) for metric in METRICS.values()},
    }


def write_csv(record: RunRecord, path: Path) -> None:
    """Write a row for each window, operation and metric. An existing file is overwritten."""
    csv.write_csv(tidy(record), path, csv.WriteOptions(quoting_style="needed"))


def write_parquet(record: RunRecord, path: Path) -> None:
    """Write the rows of the CSV with their types. An existing file is overwritten."""
    parquet.write_table(tidy(record), path)
