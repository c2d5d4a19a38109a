"""Small records for tests: everything has a default, and keyword arguments replace it."""

from dataclasses import replace
from functools import cache

import numpy as np

from bench import histogram
from bench.model import (
    CellResult,
    ClosedLoop,
    CpuTimes,
    Distribution,
    LoadResult,
    Memory,
    PhaseResult,
    Placement,
    Plan,
    QueryCounts,
    RoleCost,
    RunRecord,
    Statement,
    Study,
    TargetRecord,
)
from bench.report.document import Document, Notes, Table
from bench.store import SCHEMA_VERSION
from bench.targets import known_targets, select_targets

THREE = select_targets(known_targets(), ("fastapi", "flask", "drf"))
"""The targets that the original's users know, whatever else there is."""


def distribution(seconds: list[float]) -> Distribution:
    return _distribution(tuple(seconds))


@cache
def _distribution(seconds: tuple[float, ...]) -> Distribution:
    """Most of the time that a run for a test takes to be made, and most windows have the same."""
    counts = histogram.empty()
    histogram.fold(counts, np.array(seconds))
    return Distribution(
        count=len(seconds),
        mean_s=sum(seconds) / len(seconds),
        min_s=min(seconds),
        max_s=max(seconds),
        hdr=histogram.of_counts(counts),
    )


def load_result(succeeded: int = 1000, duration_s: float = 2.0, **changes: object) -> LoadResult:
    fields: dict[str, object] = {
        "duration_s": duration_s,
        "succeeded": succeeded,
        "failures": {},
        "latency": {"read": distribution([0.010] * succeeded)} if succeeded else {},
        "bytes_sent": 100 * succeeded,
        "bytes_received": 200 * succeeded,
        "connections_opened": 20,
    }
    return LoadResult(**{**fields, **changes})  # type: ignore[arg-type]


def role_cost(cpu_s: float, pss_bytes: int = 50_000_000) -> RoleCost:
    return RoleCost(cpu_s, 100, 10, Memory(pss_bytes, pss_bytes // 2, pss_bytes * 2))


def window(phase: str = "read", **changes: object) -> PhaseResult:
    fields: dict[str, object] = {
        "phase": phase,
        "load": load_result(),
        "app": role_cost(1.9),
        "database": role_cost(0.5),
        "generator": role_cost(0.4),
        "app_cpus": CpuTimes(busy_s=1.9, steal_s=0.0, foreign_s=0.0),
        "queries": QueryCounts((Statement("SELECT", 2000, 2000),)),
        "limited_by": "app core",
    }
    return PhaseResult(**{**fields, **changes})  # type: ignore[arg-type]


def cell(
    round_number: int = 1, target: str = "flask", workload: str = "read", **changes: object
) -> CellResult:
    fields: dict[str, object] = {
        "round": round_number,
        "target": target,
        "workload": workload,
        "pacing": ClosedLoop(20),
        "started_at": "2026-11-22T10:00:00.000+00:00",
        "phases": (window(workload),),
    }
    return CellResult(**{**fields, **changes})  # type: ignore[arg-type]


def plan(**changes: object) -> Plan:
    fields: dict[str, object] = {
        "profile": "quick",
        "targets": ("fastapi", "flask", "drf"),
        "workloads": ("read",),
        "pacing": ClosedLoop(20),
        "rounds": 2,
        "seed": 1,
        "rows": 1000,
        "window_s": 1.0,
        "requests": 500,
        "warm_up_min_s": 0.1,
        "warm_up_max_s": 0.5,
    }
    return Plan(**{**fields, **changes})  # type: ignore[arg-type]


def placement() -> Placement:
    return Placement(app=(1,), database=(0,), generator=(0,), housekeeping=(0,))


TARGETS = tuple(
    TargetRecord(name, label, name, "standard", "core")
    for name, label in (
        ("fastapi", "FastAPI"),
        ("flask", "Flask"),
        ("drf", "Django REST Framework"),
    )
)
"""As in a run of today."""


def record(**changes: object) -> RunRecord:
    fields: dict[str, object] = {
        "schema_version": SCHEMA_VERSION,
        "run_id": "20261122-100000",
        "plan": plan(),
        "placement": placement(),
        "supervisor": "process",
        "provenance": {
            "machine": {"cpu_model": "Test CPU", "cpus_online": 2, "memory_bytes": 2**34},
            "source": {"git_commit": "abc123", "git_dirty": False},
            "services": {"flask": {"python": "3.13.0", "flask": "3.1.3"}},
            "databases": {"flask": {"server_version": "18.6"}},
        },
        "diagnostics": (),
        "started_at": "2026-11-22T10:00:00.000+00:00",
        "state": "complete",
        "targets": TARGETS,
    }
    return RunRecord(**{**fields, **changes})  # type: ignore[arg-type]


def with_study(run: RunRecord, study: Study) -> RunRecord:
    """The record with what it studies."""
    return replace(run, plan=replace(run.plan, study=study))


def tables_of(document: Document) -> list[Table]:
    """The tables that a document shows in every form, in order."""
    blocks = document.blocks("everywhere")
    found = (getattr(block, "table", None) for block in blocks)
    return [table for table in found if table is not None]


def notes_of(document: Document) -> list[str]:
    """The remarks of a document."""
    notes = (block for block in document.blocks("everywhere") if isinstance(block, Notes))
    return [line for block in notes for line in block.lines]
