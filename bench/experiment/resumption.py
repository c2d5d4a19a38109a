"""Which stored run may go on, and under which conditions."""

import math

from bench.analysis.commands import commands, resume_command
from bench.analysis.completeness import missing
from bench.analysis.differences import ABSENT, Difference, differences
from bench.errors import UsageError
from bench.model import Diagnostic, RunRecord
from bench.store import SCHEMA_VERSION, RunStore, UnreadableLine

_TOLD = {"machine.clocksource": "the kernel chooses it at each start"}
"""Conditions that a restart may change by itself, and that all targets of a round share."""

_KERNELS_SHARE = 0.01
"""Of the memory: what starts of one machine differ by is some hundred pages."""


def unfinished(store: RunStore) -> tuple[RunRecord, tuple[UnreadableLine, ...]]:
    """The stored run. Raises UsageError when nothing of it is left to measure."""
    record, torn = store.read()
    if record.schema_version != SCHEMA_VERSION:
        raise UsageError(
            f"run {record.run_id} was begun by a lab that stored runs of version "
            f"{record.schema_version}; this one stores version {SCHEMA_VERSION}",
            "Resume it with that lab (its commit stands in run.json), or make a new run.",
        )
    if store.is_of_old_form:
        raise UsageError(
            f"run {record.run_id} was stored by a lab that made no run of services elsewhere",
            f"Make it again: {tuple(commands(record))[-1]}",
        )
    if not record.plan.is_resumable:
        raise UsageError(
            f"run {record.run_id} cannot go on: what it compares is gone when it ends",
            f"Make it again: {resume_command(record)}",
        )
    if record.state == "complete" and not missing(record):
        raise UsageError(
            f"run {record.run_id} is complete", "There is nothing to resume: make report."
        )
    return record, torn


def require_same_conditions(before: RunRecord, now: RunRecord) -> tuple[Diagnostic, ...]:
    """What is told of a run that goes on although something differs.

    Raises UsageError when two records differ in anything else that both of them know.
    """
    known = [
        difference
        for difference in differences(before, now)
        if ABSENT not in (difference.base, difference.head) and not _is_the_kernels(difference)
    ]
    if changed := "; ".join(
        str(difference) for difference in known if difference.name not in _TOLD
    ):
        raise UsageError(
            f"run {before.run_id} was begun under other conditions: {changed}",
            "Put them back, or make a new run and compare the two: make compare.",
        )
    return tuple(
        Diagnostic(
            "resumed-otherwise",
            f"when the run was resumed, {difference} ({_TOLD[difference.name]})",
            "Rates of the two parts may differ; ratios are taken within rounds.",
            "doubt",
        )
        for difference in known
    )


def _is_the_kernels(difference: Difference) -> bool:
    """Whether it is the memory that the kernel keeps for itself, some pages more or less at each
    start: no memory has been taken out or put in.
    """
    if difference.name != "machine.memory_bytes":
        return False
    return math.isclose(int(difference.base), int(difference.head), rel_tol=_KERNELS_SHARE)
