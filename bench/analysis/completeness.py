"""Which cells a run must have, each once, and which it has.

A round is whole when all its cells are there. What is missing or double is told when a run ends and
whenever it is read: a count of rounds would hide it.
"""

from collections.abc import Iterator, Sequence

from bench.model import CellResult, Pacing, RunRecord
from bench.words import and_list

CellKey = tuple[int, str, str, Pacing, str]
"""Round, target, workload, pacing, and the ladder that it is a rung of: each once in a run."""

_NAMED = 3


def cell_key(cell: CellResult) -> CellKey:
    """What tells a cell from all others of its run."""
    return cell.round, cell.target, cell.workload, cell.pacing, cell.ladder


def planned(record: RunRecord) -> tuple[CellKey, ...] | None:
    """Every cell that the run must have; rounds beyond the plan as soon as they are begun.

    None for a study whose next cell follows from what was found.
    """
    cells = record.plan.cells_of_round
    if cells is None:
        return None
    last = max([record.plan.rounds, *(cell.round for cell in record.cells)])
    return tuple((number, *cell) for number in range(1, last + 1) for cell in cells)


def missing(record: RunRecord) -> tuple[CellKey, ...]:
    """The cells that the run must have and has not."""
    there = set(map(cell_key, record.cells))
    return tuple(key for key in planned(record) or () if key not in there)


def whole_rounds(record: RunRecord) -> int:
    """How many rounds have all their cells; of a study with no plan for them, how many it has."""
    rounds_begun = {cell.round for cell in record.cells}
    return len(rounds_begun - {number for number, *_ in missing(record)})


def missing_words(keys: Sequence[CellKey]) -> str:
    """E.g. `drf read in round 2, and 4 more`."""
    named = [f"{target} {workload} in round {number}" for number, target, workload, *_ in keys]
    if len(named) <= _NAMED:
        return and_list(named)
    return f"{', '.join(named[:_NAMED])}, and {len(named) - _NAMED} more"


def split(record: RunRecord) -> tuple[tuple[int, str], ...]:
    """Rounds and workloads that were measured partly before and partly after a run was resumed."""
    return tuple(dict.fromkeys(_split(record)))


def _split(record: RunRecord) -> Iterator[tuple[int, str]]:
    for resumed in record.resumed_at:
        groups: dict[tuple[int, str], set[bool]] = {}
        for cell in record.cells:
            group = groups.setdefault((cell.round, cell.workload), set())
            group.add(cell.started_at < resumed)
        yield from (group for group, sides in groups.items() if len(sides) == 2)
