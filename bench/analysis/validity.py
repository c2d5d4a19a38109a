"""Which windows may be used, and what limited them."""

from collections.abc import Iterable, Iterator, Mapping

from bench.analysis.completeness import whole_rounds
from bench.metrics import METRICS
from bench.model import CellResult, PhaseResult, RunRecord

Windows = Mapping[int, PhaseResult | None]
"""The windows of one target and phase by round; None: measured, and not to be used."""


def is_invalid(window: PhaseResult) -> bool:
    """Whether a diagnostic forbids the window's use."""
    return any(diagnostic.severity == "invalid" for diagnostic in window.diagnostics)


def valid_windows(windows: Windows) -> list[PhaseResult]:
    """Those that may be used, in the order given."""
    return [window for window in windows.values() if window is not None]


def invalid_codes(windows: Iterable[PhaseResult]) -> tuple[str, ...]:
    """The codes of the diagnostics that forbid the use of some of these windows, each once."""
    found = (
        diagnostic.code
        for window in windows
        for diagnostic in window.diagnostics
        if diagnostic.severity == "invalid"
    )
    return tuple(dict.fromkeys(found))


NOT_OF_THE_SERVICE = frozenset(
    {
        "client-limit",
        "cpu-quota",
        "generator-stopped",
        "late-sending",
        "littles-law",
        "off-placement",
        "worker-lost",
    }
)
"""Codes that forbid a window's use for what the machine or the load generator did."""


def own_faults(record: RunRecord, target: str, workload: str, phase: str) -> tuple[str, ...]:
    """Why windows of a target must not be used, as far as that is the target's own doing."""
    cells = [cell for cell in record.cells if (cell.target, cell.workload) == (target, workload)]
    windows = [window for cell in cells for window in cell.phases if window.phase == phase]
    unfit = ("unfit",) if any(cell.unfit for cell in cells) else ()
    codes = (
        code
        for window in windows
        for code in invalid_codes((window,))
        if code not in NOT_OF_THE_SERVICE and not (code in OF_WHO_RAN and was_crowded_out(window))
    )
    return tuple(dict.fromkeys((*unfit, *codes)))


OF_WHO_RAN = frozenset({"no-samples", "stood-still"})
"""Codes of a window in which nobody answered for a while: by whose doing, they do not say."""

CROWDED_SHARE = 0.5


def was_crowded_out(window: PhaseResult) -> bool:
    """Whether other processes, or the hypervisor, had at least half of the app's CPUs: then the app
    did not run for their sake.
    """
    shares = [METRICS[name].per_window(window) for name in ("foreign_cpu", "steal")]
    return sum(share or 0.0 for share in shares) >= 100 * CROWDED_SHARE


def unequal_workers(record: RunRecord) -> Mapping[str, int]:
    """How many workers each target said to have, by its name, where that is not the same for all
    that did say; else nothing.

    A service has one: more of them on one core are another service. The sides of an A/B are
    compared just for what differs.
    """
    if record.plan.design.varies_service:
        return {}
    stored = record.provenance.get("settings")
    told = stored if isinstance(stored, Mapping) else {}
    settings = {name: told.get(name) for name in record.plan.targets}
    found = {
        name: workers
        for name, answer in settings.items()
        if isinstance(answer, Mapping) and isinstance(workers := answer.get("workers"), int)
    }
    return found if len(set(found.values())) > 1 else {}


def phases_of(record: RunRecord) -> Iterator[tuple[str, str]]:
    """Each measured (workload, phase), workloads in plan order, phases in their own."""
    for workload in record.plan.workloads:
        seen = dict.fromkeys(
            window.phase
            for cell in record.cells
            if cell.workload == workload
            for window in cell.phases
        )
        # Where every target was unfit there is no phase to name: the workload itself is one.
        yield from ((workload, phase) for phase in seen or (workload,))


def windows_of(record: RunRecord, target: str, workload: str, phase: str) -> Windows:
    """The windows by round; None where the cell was measured and must not be used."""
    return {
        cell.round: usable(cell, phase)
        for cell in record.cells
        if (cell.target, cell.workload) == (target, workload) and cell.pacing == record.plan.pacing
    }


def usable(cell: CellResult, phase: str) -> PhaseResult | None:
    """The cell's window of a phase; None where there is none that may be used."""
    window = next((window for window in cell.phases if window.phase == phase), None)
    if cell.unfit or window is None or is_invalid(window):
        return None
    return window


def rounds_of(record: RunRecord) -> int:
    """How many rounds have all their cells."""
    return whole_rounds(record)
