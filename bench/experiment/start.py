"""The common start of all cells, and what of it is still there from the cell before."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.database.admin import Admin
from bench.experiment.lab import Lab, app_unit_name
from bench.experiment.plan import rows_to_load
from bench.experiment.verify import verify
from bench.model import Operation, Plan, Target
from bench.workloads import Workload

NEW_PROCESSES = 3
"""As many times as long is the warm-up of processes that have been asked for nothing yet: their
first 25 requests cost 2.5 to 4 times as much, and all is settled after 150; at a workload that
follows another one, after some 50.
"""


def warm_up_s(plan: Plan, *, new: bool) -> tuple[float, float]:
    """The least and the most seconds of a warm-up."""
    least_s = plan.warm_up_min_s * (NEW_PROCESSES if new else 1)
    return least_s, max(least_s, plan.warm_up_max_s)


@dataclass(frozen=True)
class Started:
    """What a cell starts from: the rows for its warm-up, those in all, and whether its target's
    processes have been asked for nothing yet.
    """

    warm_up_rows: int
    rows: int
    new: bool


class CommonStart:
    """Does what is left to do: new processes are verified once, and rows that have only been read
    are not loaded again.
    """

    def __init__(self) -> None:
        self._verified: dict[str, int | None] = {}
        """The process of each target that was verified."""
        self._rows: dict[str, int] = {}
        """How many rows each target's table holds, where nothing has written to it since."""
        self._processes: dict[str, set[int]] = {}
        """The processes of each target at the end of its latest window, since they are new."""

    def prepare(
        self,
        lab: Lab,
        plan: Plan,
        ceiling_per_s: Mapping[Operation, float],
        workload: Workload,
        target: Target,
        admin: Admin,
    ) -> Started:
        """A target that keeps the contract, with the workload's data loaded.

        Raises TargetUnfit or DatabaseFailed.
        """
        pid = lab.supervisor.status(app_unit_name(target)).pid
        new = pid is None or self._verified.get(target.name) != pid
        if new:
            self._rows.pop(target.name, None)
            self._processes.pop(target.name, None)
            verify(lab.site, target, admin)
            self._verified[target.name] = pid
        warm_up, rows = rows_to_load(plan, workload, ceiling_per_s.get("read"))
        if self._rows.pop(target.name, None) != rows:
            admin.load_rows(rows)
        if not workload.writes:
            self._rows[target.name] = rows
        return Started(warm_up, rows, new)

    def has_gone_on(self, target: Target, first: set[int], last: set[int]) -> bool:
        """Whether a window began with the processes with which the one before had ended."""
        before = self._processes.get(target.name, first)
        self._processes[target.name] = last
        return before == first
