"""What a request costs: CPU by who used it, and memory."""

from collections.abc import Sequence

from bench.analysis.memory import MemoryUse, memory_use
from bench.analysis.stored import StoredRun
from bench.report.html.document import Block, Figure, Section, Sheet
from bench.report.look import looks_of
from bench.report.plots.bars import cost_bars
from bench.report.plots.spans import memory_spans
from bench.report.tables import Table, cost_table, use_table


def cost(run: StoredRun) -> Section | None:
    """Stacked CPU of a bench, and the memory of any run. None where nothing was measured."""
    blocks: list[Block] = []
    if any(one.windows for one in run.series):
        blocks.append(
            Figure(
                (cost_bars(run.series, looks_of(run)),),
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
                (memory_spans(memory, looks_of(run)),),
                "Hollow mark: idle, before the first request. Full mark, its number above it: "
                "loaded, mean over windows. Bar, its number beside it: peak, the highest reading. "
                "PSS counts a page that n processes share as 1/n for each.",
                memory_table(memory),
            )
        )
    if not blocks:
        return None
    lead = "CPU time still holds where the rate was limited by something else than the app."
    return Section("cost", "Cost", tuple(blocks), lead)


def memory_table(found: Sequence[MemoryUse]) -> Table:
    """Idle, loaded and highest memory in MB."""

    def told(value: int | None) -> str:
        return "–" if value is None else f"{value / 1e6:,.1f}"

    return Table(
        title="Memory",
        columns=("of", "framework", "idle MB", "loaded MB", "peak MB"),
        rows=tuple(
            (
                use.role,
                use.target,
                told(use.idle_bytes),
                told(use.loaded_bytes),
                told(use.peak_bytes),
            )
            for use in found
        ),
        numeric=(False, False, True, True, True),
        caption="PSS. Idle: first reading, before the first window. Peak: highest of all readings.",
    )
