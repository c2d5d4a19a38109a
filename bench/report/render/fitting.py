"""Tables in the width that there is: no cell is ever cut."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench.report.document import Table

CONTINUED = " (continued)"


@dataclass(frozen=True)
class Part:
    """A table, or some columns of it, or one row of it. `wraps`: its text is broken between words
    where it is still too wide.
    """

    table: Table
    wraps: bool = False


def parts_of(table: Table, width: int, width_of: Callable[[Table], int]) -> tuple[Part, ...]:
    """A table as it is where that fits in `width`, else in parts that do.

    Each part has the columns that say what a row is, and as many of the others as fit beside them.
    A text that does not fit beside them is broken between words. Where a figure does not, each row
    is a list of names and values. `width_of` tells how wide a table is when nothing is broken. The
    caption goes with the last part.
    """
    if width_of(table) <= width:
        return (Part(table),)
    keys = range(_keys(table))
    found: list[list[int]] = []
    for column in range(len(keys), len(table.columns)):
        if found and width_of(_columns(table, [*keys, *found[-1], column])) <= width:
            found[-1].append(column)
        elif width_of(_columns(table, [*keys, column])) <= width or not table.numeric[column]:
            found.append([column])
        else:
            return _rows(table, len(keys))
    parts = [_columns(table, [*keys, *columns]) for columns in found]
    titles = [table.title, *(f"{table.title}{CONTINUED}" if table.title else "",) * len(parts[1:])]
    named = [replace(part, title=title) for part, title in zip(parts, titles, strict=True)]
    return tuple(
        Part(part, wraps=width_of(part) > width) for part in _captioned(named, table.caption)
    )


def _keys(table: Table) -> int:
    """How many of the first columns it takes to tell the rows apart."""
    for number in range(1, len(table.columns)):
        if len({row[:number] for row in table.rows}) == len(table.rows):
            return number
    return 1


def _columns(table: Table, chosen: Sequence[int]) -> Table:
    def of[T](values: tuple[T, ...]) -> tuple[T, ...]:
        return tuple(values[number] for number in chosen)

    rows = tuple(map(of, table.rows))
    return Table(table.title, of(table.columns), rows, of(table.numeric))


def _rows(table: Table, keys: int) -> tuple[Part, ...]:
    lists = [
        Table(
            title=" ".join(filter(None, map(str, row[:keys]))),
            columns=("", ""),
            rows=tuple(zip(table.columns[keys:], row[keys:], strict=True)),
            numeric=(False, False),
        )
        for row in table.rows
    ]
    return tuple(Part(part, wraps=True) for part in _captioned(lists, table.caption))


def _captioned(parts: list[Table], caption: str) -> list[Table]:
    return [*parts[:-1], *(replace(part, caption=caption) for part in parts[-1:])]
