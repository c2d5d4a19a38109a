"""The registry of workloads: what is asked of a target. One entry each.

A workload turns the number of loaded rows into phases. Ids are split so that no expected 404
occurs: what is deleted is never read or updated.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bench.errors import UsageError
from bench.model import Created, Operation, Phase, Rows, Share

Phases = Callable[[int, int], tuple[Phase, ...]]

_MANY = 1_000_000
"""Rows of which a part can be told as a share."""


@dataclass(frozen=True)
class Workload:
    """`phases(first, last)` are the windows over loaded rows `first`..`last`.

    The load of the first phase serves as warm-up. `deletes` says that rows are used up, so that
    enough of them must be loaded.
    """

    name: str
    title: str
    phases: Phases
    deletes: bool = False

    @property
    def is_scenario(self) -> bool:
        """Whether it has phases that build on each other, each ended by a count of requests."""
        phases = self.phases(1, 2)
        return len(phases) > 1 or phases[0].counted

    @property
    def operations(self) -> frozenset[Operation]:
        """All that it asks for."""
        return frozenset(
            share.operation for phase in self.phases(1, _MANY) for share in phase.shares
        )

    @property
    def writes(self) -> bool:
        """Whether it leaves other rows behind than it has found."""
        return not self.operations.isdisjoint(("create", "update", "delete"))

    @property
    def rows_per_request(self) -> float:
        """How many rows must be loaded for each request, so that none to delete is missing."""
        shares = self.phases(1, _MANY)[0].shares
        total = sum(share.weight for share in shares)
        return max(
            (
                share.weight / total * _MANY / (share.ids.last - share.ids.first + 1)
                for share in shares
                if isinstance(share.ids, Rows) and share.ids.once
            ),
            default=0.0,
        )


def _sends(operation: Operation) -> Phases:
    """One window of an operation that names no row."""
    return lambda _first, _last: (Phase(operation, (Share(operation),)),)


def _picks(operation: Operation, *, once: bool = False) -> Phases:
    """One window of an operation on rows drawn from all that are loaded."""
    return lambda first, last: (Phase(operation, (Share(operation, ids=Rows(first, last, once)),)),)


def _mixed(first: int, last: int) -> tuple[Phase, ...]:
    # The weights of the original Locust file. What is read or listed stays as it was loaded, so
    # that every answer can be checked; half of the rows are there to be deleted.
    quarter, middle = (3 * first + last) // 4, (first + last) // 2
    shares = (
        Share("list", 3),
        Share("create", 2),
        Share("read", 2, Rows(first, quarter)),
        Share("update", 1, Rows(quarter + 1, middle)),
        Share("delete", 1, Rows(middle + 1, last, once=True)),
    )
    return (Phase("mixed", shares),)


def _crud(_first: int, _last: int) -> tuple[Phase, ...]:
    """The original script: create N, read N, update N, delete N, each timed on its own."""
    return (
        Phase("create", (Share("create", body="crud"),), counted=True),
        Phase("read", (Share("read", ids=Created()),), counted=True),
        Phase("update", (Share("update", ids=Created()),), counted=True),
        Phase("delete", (Share("delete", ids=Created()),), counted=True),
    )


_ALL = (
    Workload("create", "insert one item", _sends("create")),
    Workload("read", "read one item by id", _picks("read")),
    Workload("update", "replace one item", _picks("update")),
    Workload("delete", "delete one item", _picks("delete", once=True), deletes=True),
    Workload("list", "list 100 items", _sends("list")),
    Workload("mixed", "list, create, read, update, delete as 3:2:2:1:1", _mixed, deletes=True),
    Workload("crud", "create N, read N, update N, delete N", _crud),
    Workload("echo", "validate and answer, no database", _sends("echo")),
    Workload("ping", "route and answer, nothing else", _sends("ping")),
)

WORKLOADS = {workload.name: workload for workload in _ALL}
OPERATIONS = ("create", "read", "update", "delete", "list")
WITHOUT_DATABASE = ("echo", "ping")


def select_workloads(names: tuple[str, ...]) -> tuple[Workload, ...]:
    """The named workloads in the order given.

    Raises UsageError on an unknown name, listing the known ones.
    """
    unknown = [name for name in names if name not in WORKLOADS]
    if unknown:
        raise UsageError(
            f"unknown workload {', '.join(map(repr, unknown))}",
            f"Known workloads: {', '.join(WORKLOADS)}.",
        )
    return tuple(WORKLOADS[name] for name in dict.fromkeys(names))
