"""The table of what runs, drawn again and again."""

import time
from collections.abc import Callable

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from bench.live.status import UnitLine, watch_table
from bench.report.render.terminal import fitted, print_table

WATCH_PERIOD_S = 2.0
"""Databases add up their transactions about once a second: a shorter look would see none, or two
seconds' worth."""


def watch_units(out: Console, look: Callable[[], tuple[UnitLine, ...]]) -> None:
    """Show what `look` sees: on a terminal until KeyboardInterrupt, elsewhere one table."""
    first = look()
    if not out.is_terminal or out.is_dumb_terminal:
        if any(line.status.pid for line in first):
            time.sleep(WATCH_PERIOD_S)
        print_table(out, watch_table(look()))
        return
    with Live(_seen(out, first), console=out, auto_refresh=False) as live:
        out.show_cursor(True)
        while True:
            time.sleep(WATCH_PERIOD_S)
            live.update(_seen(out, look()), refresh=True)


def _seen(out: Console, lines: tuple[UnitLine, ...]) -> Group:
    table = watch_table(lines)
    ends = f"{time.strftime('%H:%M:%S')}, every {WATCH_PERIOD_S:g} s; Ctrl-C ends."
    return Group(*fitted(out, table), Text(f"{table.caption} {ends}", style="dim"))
