"""What a request costs: CPU by who used it, and memory."""

from collections.abc import Sequence

from bench.analysis.memory import MemoryUse, memory_use
from bench.analysis.series import Series, series
from bench.analysis.stored import StoredRun
from bench.metrics import METRICS
from bench.model import RunRecord
from bench.report.document import Block, Figure, Section, Sheet, Table, TargetCell
from bench.report.plots.bars import cost_bars
from bench.report.plots.spans import memory_spans
from bench.report.style import styles_of
from bench.report.words import figure, forbidden_words, intervals, marked
from bench.words import NO_FIGURE


def cost(run: StoredRun) -> Section | None:
    """Stacked CPU of a bench, and the memory of any run. None where nothing was measured."""
    blocks: list[Block] = []
    # What services on another machine cost is not seen.
    if any(METRICS["app_cost"].estimate(target_series.windows) for target_series in run.series):
        blocks.append(
            Figure(
                (cost_bars(run.series, styles_of(run.record)),),
                "From left to right, ever lighter: app, database (PostgreSQL), load generator. "
                "The number at the framework's mark is their sum. The generator is the lab's own "
                "and no cost of yours.",
                cost_table(run.record),
            )
        )
        blocks.append(Sheet(use_table(run.record), folded=True))
    memory = memory_use(run)
    if any(use.peak_bytes is not None for use in memory):
        blocks.append(
            Figure(
                (memory_spans(memory, styles_of(run.record)),),
                "Hollow mark: idle, before the first request. Full mark, its number above it: "
                "loaded, mean over windows. Bar, its number beside it: peak, the highest reading. "
                "PSS counts a page that n processes share as 1/n for each.",
                memory_table(memory),
                extent="page",
            )
        )
    if not blocks:
        return None
    lead = "CPU time still holds where the rate was limited by something else than the app."
    return Section("cost", "Cost", tuple(blocks), lead)


def memory_table(found: Sequence[MemoryUse]) -> Table:
    """Idle, loaded and highest memory in MB."""

    def told(value: int | None) -> str:
        return NO_FIGURE if value is None else f"{value / 1e6:,.1f}"

    return Table(
        title="Memory",
        columns=("of", "framework", "idle MB", "loaded MB", "peak MB"),
        rows=tuple(
            (
                use.role,
                TargetCell(use.target),
                told(use.idle_bytes),
                told(use.loaded_bytes),
                told(use.peak_bytes),
            )
            for use in found
        ),
        numeric=(False, False, True, True, True),
        caption="PSS. Idle: first reading, before the first window. Peak: highest of all readings.",
    )


def cost_table(record: RunRecord) -> Table:
    """CPU per request by role, and what limited the rate."""
    found = series(record)
    return Table(
        title="Cost",
        columns=(
            *("operation", "framework", "app us", "database us", "generator us"),
            *("queries", "limited by"),
        ),
        rows=tuple(
            (
                target_series.title,
                marked(target_series),
                *intervals(target_series, "app_cost", "database_cost", "generator_cost"),
                figure("queries", target_series),
                _limits(target_series),
            )
            for target_series in found
        ),
        numeric=(False, False, True, True, True, True, False),
        caption=(
            "us: CPU time per request, mean over rounds ± half of its 95 % interval. Queries: "
            "statements per request, pre-ping included." + forbidden_words(found)
        ),
    )


def use_table(record: RunRecord) -> Table:
    """How busy each role kept its core, and its memory."""
    found = series(record)
    return Table(
        title="Use",
        columns=(
            *("operation", "framework", "app CPU %", "database CPU %", "generator CPU %"),
            *("app PSS MB", "database PSS MB"),
        ),
        rows=tuple(
            (
                target_series.title,
                marked(target_series),
                *intervals(target_series, "app_cpu", "database_cpu", "generator_cpu"),
                *intervals(target_series, "app_memory", "database_memory"),
            )
            for target_series in found
        ),
        numeric=(False, False, True, True, True, True, True),
        caption=(
            "CPU: % of one core. PSS: memory with shared pages counted once. Means over rounds ± "
            "half of their 95 % interval." + forbidden_words(found)
        ),
    )


def _limits(found: Series) -> str:
    if not found.windows:
        return "not measured"
    return ", ".join(dict.fromkeys(window.limited_by for window in found.usable))
