"""What runs at this moment, as a table."""

from dataclasses import dataclass

from bench.model import UnitStatus
from bench.report.tables import Table


@dataclass(frozen=True)
class UnitLine:
    """One unit as `make status` shows it. Memory is PSS in bytes, None when it does not run."""

    name: str
    status: UnitStatus
    address: str
    cpus: tuple[int, ...]
    pss_bytes: int | None


def status_table(lines: tuple[UnitLine, ...]) -> Table:
    """Service, state, address, core and memory of every unit."""
    return Table(
        title="",
        columns=("unit", "state", "address", "CPU", "PSS MB"),
        rows=tuple(
            (
                line.name,
                line.status.state,
                line.address,
                ",".join(map(str, line.cpus)),
                "–" if line.pss_bytes is None else f"{line.pss_bytes / 1e6:.1f}",
            )
            for line in lines
        ),
        numeric=(False, False, False, True, True),
    )
