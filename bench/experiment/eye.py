"""What runs at this moment: every service and database of a lab, looked at again and again."""

import time
from contextlib import suppress
from dataclasses import replace

from bench.database.activity import Activity
from bench.errors import LabError
from bench.experiment.lab import DATABASE_HOST, Lab
from bench.model import Target, UnitStatus
from bench.report.meter import Meter
from bench.report.status import UnitLine

MEMORY_EVERY = 5
"""A database is some 25 processes: reading its memory costs 25 ms, so every fifth look does."""


class Eye:
    """Looks at all units of `lab` and remembers what it saw, since a rate needs two looks.

    It changes nothing. `asking` asks the databases for their transactions, frozen ones left out.
    """

    def __init__(self, lab: Lab, *, asking: bool) -> None:
        self._lab = lab
        self._looks = 0
        # Between this look and the one before.
        self._meter = Meter(kept=2)
        self._pss: dict[str, int] = {}
        self._activity = {
            target.name: Activity(lab.cluster(target), lab.secrets)
            for target in (lab.targets if asking else ())
        }

    def __enter__(self) -> "Eye":
        return self

    def __exit__(self, *_: object) -> None:
        for activity in self._activity.values():
            activity.close()

    def look(self) -> tuple[UnitLine, ...]:
        """Every unit as it is now; rates are known from the second look on."""
        lines = tuple(line for target in self._lab.targets for line in self._target(target))
        self._looks += 1
        return lines

    def _target(self, target: Target) -> tuple[UnitLine, UnitLine]:
        lab = self._lab
        placement = lab.placement_of(target)
        app, database = lab.unit_names(target)
        at_database = f"{DATABASE_HOST}:{target.database_port}/{target.database_name}"
        asked = f"{database} transactions"
        served = self._line(database, at_database, placement.database)
        activity = self._activity.get(target.name) if served.status.state == "running" else None
        transactions = activity.transactions() if activity else None
        return (
            self._line(app, lab.base_url(target), placement.app),
            replace(served, transactions_per_s=self._rate(asked, transactions)),
        )

    def _line(self, name: str, address: str, cpus: tuple[int, ...]) -> UnitLine:
        status = self._lab.supervisor.status(name)
        if status.pid is None:
            self._meter.forget(name)
            self._pss.pop(name, None)
            return UnitLine(name, status, address, cpus, None)
        return self._running(name, status, address, cpus)

    def _running(
        self, name: str, status: UnitStatus, address: str, cpus: tuple[int, ...]
    ) -> UnitLine:
        # It may end while it is looked at: the next look will say so.
        with suppress(LabError):
            cpu_s = self._lab.supervisor.cpu_s(name)
            self._meter.read(name, time.monotonic(), cpu_s)
            if self._looks % MEMORY_EVERY == 0 or name not in self._pss:
                self._pss[name] = self._lab.supervisor.memory(name).pss_bytes
        return UnitLine(name, status, address, cpus, self._pss.get(name), self._meter.share(name))

    def _rate(self, name: str, total: int | None) -> float | None:
        if total is None:
            self._meter.forget(name)
            return None
        self._meter.read(name, time.monotonic(), total)
        return self._meter.share(name)
