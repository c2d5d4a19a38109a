"""What runs at this moment, as a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bench.model import Mode, UnitStatus
from bench.placement import format_cpulist
from bench.report.document import Table
from bench.words import NO_FIGURE

_HOW_COUNTED = (
    "CPU %: of one core. trans/s: transactions in the database; a request that asks it makes at "
    "least one. Services count no requests themselves."
)


@dataclass(frozen=True)
class UnitLine:
    """One unit at a moment.

    `target` is whose app it is, or one of those whose database it is; a database has no `mode`.
    `cpus` are those that it was started on, or would be; `allowed` those that it may use now, none
    where that is not known. Memory is PSS in bytes, None when it does not run. CPU is a share of
    one core, and transactions are those of a database; both are None where only one look has been
    taken.
    """

    name: str
    target: str
    mode: Mode | Literal[""]
    status: UnitStatus
    address: str
    port: int
    cpus: tuple[int, ...]
    allowed: tuple[int, ...] = ()
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
        caption=" ".join((*map(_remedy, filter(_has_failed, lines)), *_strayed(lines))),
    )


def _has_failed(line: UnitLine) -> bool:
    return line.status.state == "failed"


def _remedy(line: UnitLine) -> str:
    why = f": {line.status.detail}" if line.status.detail else ""
    return (
        f"{line.name} has failed{why}. Its log: make logs FRAMEWORK={line.target}. "
        f"Start it again: make up FRAMEWORK={line.target}."
    )


def _strayed(lines: tuple[UnitLine, ...]) -> Iterator[str]:
    """What is said of units that may use other CPUs than they were started on."""
    for line in lines:
        if line.allowed and line.allowed != line.cpus:
            yield (
                f"{line.name} may use CPU {format_cpulist(line.allowed)}, and was started on "
                f"CPU {format_cpulist(line.cpus)}: something has confined or moved it (make "
                "isolate, a slice, a CPU that went offline, taskset). Once that is undone: make "
                "down, make up."
            )


def watch_table(lines: tuple[UnitLine, ...]) -> Table:
    """The same with what each uses at the moment; narrow enough for 80 columns."""
    return Table(
        title="",
        columns=("unit", "mode", "state", "port", "CPU", "CPU %", "PSS MB", "trans/s"),
        rows=tuple(map(_watch_row, lines)),
        numeric=(False, False, False, False, True, True, True, True),
        caption=(
            " ".join((_HOW_COUNTED, *_strayed(lines)))
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
    return ",".join(map(str, line.allowed or line.cpus))


def _megabytes(size: int | None) -> str:
    return NO_FIGURE if size is None else f"{size / 1e6:.1f}"


def _state(status: UnitStatus) -> str:
    """One that runs and has something to tell is shown with it: it was restarted."""
    return f"{status.state}, {status.detail}" if status.pid and status.detail else status.state
