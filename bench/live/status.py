"""What runs at this moment, as a table."""

from dataclasses import dataclass
from typing import Literal

from bench.model import Mode, UnitStatus
from bench.report.document import Table
from bench.words import NO_FIGURE


@dataclass(frozen=True)
class UnitLine:
    """One unit at a moment.

    `target` is whose app it is, or one of those whose database it is; a database has no `mode`.
    Memory is PSS in bytes, None when it does not run. CPU is a share of one core, and transactions
    are those of a database; both are None where only one look has been taken.
    """

    name: str
    target: str
    mode: Mode | Literal[""]
    status: UnitStatus
    address: str
    port: int
    cpus: tuple[int, ...]
    pss_bytes: int | None = None
    cpu_share: float | None = None
    transactions_per_s: float | None = None


def status_table(lines: tuple[UnitLine, ...]) -> Table:
    """Service, mode, state, address, core and memory of every unit."""
    return Table(
        title="",
        columns=("unit", "mode", "state", "address", "CPU", "PSS MB"),
        rows=tuple(map(_status_row, lines)),
        numeric=(False, False, False, False, True, True),
        caption=" ".join(map(_remedy, filter(_has_failed, lines))),
    )


def _has_failed(line: UnitLine) -> bool:
    return line.status.state == "failed"


def _remedy(line: UnitLine) -> str:
    why = f": {line.status.detail}" if line.status.detail else ""
    return (
        f"{line.name} has failed{why}. Its log: make logs FRAMEWORK={line.target}. "
        f"Start it again: make up FRAMEWORK={line.target}."
    )


def watch_table(lines: tuple[UnitLine, ...]) -> Table:
    """The same with what each uses at the moment; narrow enough for 80 columns."""
    return Table(
        title="",
        columns=("unit", "mode", "state", "port", "CPU", "CPU %", "PSS MB", "trans/s"),
        rows=tuple(map(_watch_row, lines)),
        numeric=(False, False, False, False, True, True, True, True),
        caption=(
            "CPU %: of one core. trans/s: transactions in the database; a request that asks it "
            "makes at least one. Services count no requests themselves."
            if any(line.status.pid for line in lines)
            else "Nothing runs. Start the services: make up."
        ),
    )


def _status_row(line: UnitLine) -> tuple[str, ...]:
    return (
        line.name,
        line.mode,
        _state(line.status),
        line.address,
        _cpus(line),
        _megabytes(line.pss_bytes),
    )


def _watch_row(line: UnitLine) -> tuple[str, ...]:
    share, rate = line.cpu_share, line.transactions_per_s
    return (
        line.name.removeprefix("onecore-"),
        line.mode,
        _state(line.status),
        str(line.port),
        _cpus(line),
        NO_FIGURE if share is None else f"{100 * share:.1f}",
        _megabytes(line.pss_bytes),
        NO_FIGURE if rate is None else f"{rate:,.0f}",
    )


def _cpus(line: UnitLine) -> str:
    return ",".join(map(str, line.cpus))


def _megabytes(size: int | None) -> str:
    return NO_FIGURE if size is None else f"{size / 1e6:.1f}"


def _state(status: UnitStatus) -> str:
    """One that runs and has something to tell is shown with it: it was restarted."""
    return f"{status.state}, {status.detail}" if status.pid and status.detail else status.state
