"""What runs at this moment: every service and database of a lab, looked at again and again."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from bench.database.activity import TransactionCounter
from bench.errors import LabError
from bench.experiment.lab import DATABASE_HOST, Lab, app_unit_name
from bench.live.meter import Meter
from bench.live.status import UnitLine
from bench.model import Target, UnitStatus

MEMORY_EVERY = 5
"""A database is some 25 processes: reading its memory costs 25 ms, so every fifth look does."""


class UnitReader:
    """Looks at all units of `lab` and remembers what it saw, since a rate needs two looks.

    It changes nothing. `with_transactions` asks the databases for theirs, frozen ones left out.
    """

    def __init__(self, lab: Lab, *, with_transactions: bool) -> None:
        self._lab = lab
        self._looks = 0
        # Between this look and the one before.
        self._meter = Meter(kept=2)
        self._pss: dict[str, int | None] = {}
        self._allowed: dict[str, tuple[int, ...]] = {}
        self._activity = {
            target.name: TransactionCounter(lab.cluster(target), target, lab.secrets)
            for target in (lab.targets if with_transactions else ())
        }

    def __enter__(self) -> "UnitReader":
        return self

    def __exit__(self, *_: object) -> None:
        for activity in self._activity.values():
            activity.close()

    def look(self) -> tuple[UnitLine, ...]:
        """Every unit as it is now; rates are known from the second look on."""
        by_server: dict[str, list[Target]] = {}
        for target in self._lab.targets:
            by_server.setdefault(target.cluster_name, []).append(target)
        lines = tuple(line for targets in by_server.values() for line in self._sharing(targets))
        self._looks += 1
        return lines

    def _sharing(self, targets: Sequence[Target]) -> tuple[UnitLine, ...]:
        """The apps of these targets, and the database server that they share."""
        return (*map(self._app, targets), self._database(targets))

    def _app(self, target: Target) -> UnitLine:
        lab = self._lab
        return self._used(
            UnitLine(
                name=app_unit_name(target),
                target=target.name,
                mode=target.mode,
                status=lab.supervisor.status(app_unit_name(target)),
                address=lab.base_url(target),
                port=target.http_port,
                cpus=lab.placement_of(target).app,
            )
        )

    def _database(self, targets: Sequence[Target]) -> UnitLine:
        lab, (first, *others) = self._lab, targets
        name = lab.cluster(first).unit_name
        address = f"{DATABASE_HOST}:{first.database_port}"
        line = UnitLine(
            name=name,
            target=first.name,
            mode="",
            status=lab.supervisor.status(name),
            address=address if others else f"{address}/{first.database_name}",
            port=first.database_port,
            cpus=lab.placement.database,
        )
        rate = self._rate(f"{name} transactions", self._transactions(targets, line.status))
        return replace(self._used(line), transactions_per_s=rate)

    def _transactions(self, targets: Sequence[Target], status: UnitStatus) -> int | None:
        """Of these targets' databases together; None where they are not asked or do not answer."""
        activities = [
            self._activity[target.name] for target in targets if target.name in self._activity
        ]
        if not activities or status.state != "running":
            return None
        found = [activity.transactions() for activity in activities]
        known = [count for count in found if count is not None]
        return sum(known) if len(known) == len(found) else None

    def _used(self, line: UnitLine) -> UnitLine:
        """The line with what its unit uses, if it runs."""
        name = line.name
        if line.status.pid is None:
            self._meter.forget(name)
            self._pss.pop(name, None)
            self._allowed.pop(name, None)
            return line
        # It may end while it is looked at: the next look will say so.
        with suppress(LabError):
            cpu_s = self._lab.supervisor.cpu_s(name)
            self._meter.read(name, time.monotonic(), cpu_s)
            if self._looks % MEMORY_EVERY == 0 or name not in self._pss:
                memory = self._lab.supervisor.memory(name)
                self._pss[name] = memory.pss_bytes if memory else None
                self._allowed[name] = self._lab.supervisor.usage(name).cpus
        return replace(
            line,
            cpus=self._lab.supervisor.placed(name) or line.cpus,
            allowed=self._allowed.get(name, ()),
            pss_bytes=self._pss.get(name),
            cpu_share=self._meter.share(name),
        )

    def _rate(self, name: str, total: int | None) -> float | None:
        if total is None:
            self._meter.forget(name)
            return None
        self._meter.read(name, time.monotonic(), total)
        return self._meter.share(name)
