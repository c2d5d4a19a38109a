"""The report of users whose services run on another machine: what they were answered."""

from bench import histogram
from bench.metrics import METRICS
from bench.model import Elsewhere, LoadResult
from bench.report.document import Block, Diagnostics, Document, Section, Sheet, Table, TargetCell
from bench.report.sections.users import table_of_workers, time_cells


def elsewhere_document(found: Elsewhere) -> Document:
    """What users were answered by services on another machine."""
    blocks: list[Block] = [Sheet(_users_table(found))]
    if found.pacing.workers:
        workers = [(use.target, use.load.users) for use in found.uses if use.load.users]
        blocks.append(Sheet(table_of_workers(workers)))
    raised = tuple((diagnostic, 1) for use in found.uses for diagnostic in use.diagnostics)
    blocks.append(Diagnostics(raised))
    return Document(
        title=f"Users of {found.target_host}, {found.run_id}",
        facts=(f"Each framework for {found.window_s:g} s, seed {found.seed}.",),
        sections=(Section("users", "Users", tuple(blocks)),),
    )


def _users_table(found: Elsewhere) -> Table:
    """What can be told without the services' costs: one row for each framework."""
    return Table(
        title="Users",
        columns=(
            *("framework", "RPS", "success", "failures"),
            *("mean ms", "p50 ms", "p95 ms", "p99 ms"),
        ),
        rows=tuple((TargetCell(use.target), *_load_words(use.load)) for use in found.uses),
        numeric=(False, *([True] * 7)),
        caption=(
            f"{found.pacing.time_word.capitalize()} of successful requests. What the services "
            "cost is seen only where they run: make locust-master on that machine."
        ),
    )


def _load_words(load: LoadResult) -> tuple[str, ...]:
    return (
        METRICS["rate"].format(load.rate_per_s),
        f"{load.succeeded:,}/{load.succeeded + load.failed:,}",
        f"{load.failed:,}",
        *time_cells(histogram.merge(load.latency.values()))[1:],
    )
