"""What a report says, free of the form in which it is shown. Pure values.

A document is facts and sections; a section is a title, a lead and blocks. Sections make them from
records, and each renderer in `render/` shows what it can: the page all of it, a terminal and
Markdown the tables, sentences and diagnostics. Every kind of block has a macro of its name in
`render/template/blocks.html`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from bench.model import CountedDiagnostic, VerdictKind
from bench.report.style import Styles, marker_key

Extent = Literal["everywhere", "files", "page"]
"""Where a block is shown: everywhere, in files alone (Markdown and page), or on the page alone."""

_EXTENTS = get_args(Extent)


@dataclass(frozen=True)
class TargetCell:
    """A target in a table. A `mark` says that rounds of it must not be used."""

    name: str
    mark: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.mark}".rstrip()


Cell = str | TargetCell


def cell_text(cell: Cell, styles: Styles) -> str:
    """The words of a cell; a target's begin with its marker where it tells something.

    E.g. "◆ flask-tuned" where these styles are of several modes.
    """
    style = styles.get(cell.name) if isinstance(cell, TargetCell) else None
    return f"{style.marker.character} {cell}" if style and marker_key(styles) else str(cell)


Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """`numeric` marks the columns to be set to the right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    numeric: tuple[bool, ...]
    caption: str = ""


Spec = Mapping[str, object]
"""A Vega-Lite specification, ready for JSON."""


@dataclass(frozen=True)
class Plot:
    """One plot. `description` says to those who cannot see it what it shows.

    `name` is unique in its document, and the name of its SVG and PNG files. `heading` stands above
    it in these; on the page `title` is enough, or nothing.
    """

    name: str
    title: str
    description: str
    spec: Spec
    heading: str = ""

    @property
    def datasets(self) -> Mapping[str, object]:
        """The rows it is drawn from, by name."""
        found = self.spec["datasets"]
        assert isinstance(found, Mapping)
        return found


# --- blocks -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prose:
    """A paragraph."""

    text: str
    extent: Extent = "everywhere"
    kind: Literal["prose"] = "prose"


@dataclass(frozen=True)
class Notes:
    """Remarks, a sentence or more in each. In text they come after the tables."""

    lines: tuple[str, ...]
    extent: Extent = "everywhere"
    kind: Literal["notes"] = "notes"


Gravity = Literal["good", "doubt", "invalid"]
"""How bad an outcome is."""


@dataclass(frozen=True)
class Outcome:
    """What it all comes to, for whoever reads one sentence only."""

    text: str
    gravity: Gravity
    extent: Extent = "everywhere"
    kind: Literal["outcome"] = "outcome"


@dataclass(frozen=True)
class Figure:
    """Plots side by side where there is room, what they mean, and their figures as a table.

    In text the table stands alone.
    """

    plots: tuple[Plot, ...]
    caption: str = ""
    table: Table | None = None
    extent: Extent = "everywhere"
    kind: Literal["figure"] = "figure"


@dataclass(frozen=True)
class Sheet:
    """A table. `folded`, a page shows its title alone until it is opened."""

    table: Table
    folded: bool = False
    extent: Extent = "everywhere"
    kind: Literal["sheet"] = "sheet"


@dataclass(frozen=True)
class Diagnostics:
    """With how often each was raised, the gravest first. In text they come last."""

    found: tuple[CountedDiagnostic, ...]
    extent: Extent = "everywhere"
    kind: Literal["diagnostics"] = "diagnostics"


@dataclass(frozen=True)
class Card:
    """One target in one sentence: its main figure, what it cost, and how far to trust it."""

    target: str
    heading: str
    figure: str
    interval: str
    sentence: str
    doubtful: bool = False


@dataclass(frozen=True)
class Cards:
    cards: tuple[Card, ...]
    extent: Extent = "page"
    kind: Literal["cards"] = "cards"


@dataclass(frozen=True)
class Opinion:
    """A field of a matrix: e.g. "1.62 ×", "1.55 to 1.70", and the verdict's kind and words."""

    ratio: str
    interval: str
    verdict: VerdictKind
    words: str
    detail: str


@dataclass(frozen=True)
class Matrix:
    """Every target against every other; `fields[row][column]`, None on the diagonal."""

    title: str
    targets: tuple[str, ...]
    fields: tuple[tuple[Opinion | None, ...], ...]


@dataclass(frozen=True)
class Matrices:
    heading: str
    matrices: tuple[Matrix, ...]
    caption: str
    extent: Extent = "page"
    kind: Literal["matrices"] = "matrices"


@dataclass(frozen=True)
class Commands:
    """Lines to paste into a shell."""

    lines: tuple[str, ...]
    extent: Extent = "page"
    kind: Literal["commands"] = "commands"


@dataclass(frozen=True)
class RunFile:
    """A file of a run, by its path in the run's folder."""

    path: str
    size_bytes: int


@dataclass(frozen=True)
class RunRow:
    """One stored run in one line of a list of runs.

    `diagnostics` counts them by severity. `page` is its report's address from the results folder,
    "" where it has none; `files` are all of its files.
    `problem` says why a run cannot be read, and then nothing else is known.
    """

    run_id: str
    started: str = ""
    state: str = "unreadable"
    kind: str = ""
    profile: str = ""
    load: str = ""
    targets: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    rounds: str = ""
    diagnostics: Mapping[str, int] | None = None
    page: str = ""
    files: tuple[RunFile, ...] = ()
    problem: str = ""

    @property
    def trust(self) -> str:
        """ "invalid", "some" or "none": the gravest of its diagnostics; notes are none."""
        counts = self.diagnostics or {}
        return "invalid" if counts.get("invalid") else "some" if counts.get("doubt") else "none"


@dataclass(frozen=True)
class FilterField:
    """What a list of runs can be narrowed by: its options as (value, words)."""

    name: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Runs:
    """A list of runs with links, for a page in the results folder.

    With `fields` it can be narrowed on the page itself. `has_history` leads to `history.html`.
    """

    rows: tuple[RunRow, ...]
    fields: tuple[FilterField, ...] = ()
    has_history: bool = False
    extent: Extent = "page"
    kind: Literal["runs"] = "runs"


@dataclass(frozen=True)
class Link:
    """A file beside the report."""

    text: str
    address: str


@dataclass(frozen=True)
class Links:
    """Files beside the report that can be opened from it."""

    links: tuple[Link, ...]
    extent: Extent = "page"
    kind: Literal["links"] = "links"


Block = (
    Prose
    | Notes
    | Outcome
    | Figure
    | Sheet
    | Diagnostics
    | Cards
    | Matrices
    | Commands
    | Runs
    | Links
)


@dataclass(frozen=True)
class Section:
    """`name` is its anchor. The `lead` is for the page, where there is room for explaining.

    Blocks are shown where both they and the section are.
    """

    name: str
    title: str
    blocks: tuple[Block, ...]
    lead: str = ""
    extent: Extent = "everywhere"


@dataclass(frozen=True)
class Document:
    """A whole report. `styles` are of the targets that can be looked at alone on its page."""

    title: str
    facts: tuple[str, ...]
    sections: tuple[Section, ...]
    styles: Styles = field(default_factory=dict)

    def blocks(self, extent: Extent) -> Sequence[Block]:
        """The blocks that are shown just so far, in order."""
        return [
            block
            for section in self.sections
            for block in section.blocks
            if max(section.extent, block.extent, key=_EXTENTS.index) == extent
        ]

    @property
    def plots(self) -> tuple[Plot, ...]:
        """All plots in order."""
        return tuple(
            plot
            for section in self.sections
            for block in section.blocks
            if isinstance(block, Figure)
            for plot in block.plots
        )
