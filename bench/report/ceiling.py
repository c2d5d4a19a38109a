"""The generator's own figures, beside another client's."""

from bench.load.ceiling import Ceiling
from bench.report.document import Table


def ceiling_table(ceiling: Ceiling) -> Table:
    """Rate and CPU per request of both clients, and how many times the requests per CPU second."""
    rows = []
    for ours, theirs in zip(ceiling.generator, ceiling.fasthttp, strict=True):
        rows.append(
            (
                ours.operation,
                f"{ours.rate_per_s:,.0f}",
                f"{ours.cpu_us_per_request:,.0f}",
                f"{theirs.rate_per_s:,.0f}",
                f"{theirs.cpu_us_per_request:,.0f}",
                f"{ceiling.advantage(ours.operation):.1f} x",
            )
        )
    return Table(
        title="Ceiling of the load generator",
        columns=(
            *("operation", "requests/s", "CPU us/request"),
            *("FastHttpUser requests/s", "its CPU us/request", "requests per CPU s"),
        ),
        rows=tuple(rows),
        numeric=(False, *([True] * 5)),
        caption=(
            "Closed loop, 20 connections, against a server with nothing behind it; medians over "
            "turns. The last column: the generator's requests per CPU second, FastHttpUser's = 1."
        ),
    )
