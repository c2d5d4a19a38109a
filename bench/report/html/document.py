"""What a page consists of. Pure values: sections make them, the template draws them.

A section is a title, a lead and blocks. Every kind of block has a macro of the same name in
`template/blocks.html`; a new kind is a dataclass here and a macro there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from bench.model import Diagnostic
from bench.report.tables import Table

Spec = Mapping[str, object]
"""A Vega-Lite specification, ready for JSON."""


@dataclass(frozen=True)
class Prose:
    """A paragraph."""

    text: str
    kind: Literal["prose"] = "prose"


@dataclass(frozen=True)
class Plot:
    """One plot. `description` says to those who cannot see it what it shows.

    `name` is unique on its page, and the name of its SVG and PNG files. `heading` stands above it
    in these; on the page `title` is enough, or nothing.
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


@dataclass(frozen=True)
class Figure:
    """Plots side by side where there is room, what they mean, and their figures as a table."""

    plots: tuple[Plot, ...]
    caption: str = ""
    table: Table | None = None
    kind: Literal["figure"] = "figure"


@dataclass(frozen=True)
class Sheet:
    """A table. `folded` shows its title alone until it is opened."""

    table: Table
    folded: bool = False
    kind: Literal["sheet"] = "sheet"


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
    kind: Literal["cards"] = "cards"


@dataclass(frozen=True)
class Diagnostics:
    """With how often each was raised, the gravest first."""

    found: tuple[tuple[Diagnostic, int], ...]
    kind: Literal["diagnostics"] = "diagnostics"


@dataclass(frozen=True)
class Opinion:
    """A field of a matrix: e.g. "1.62 ×", "[1.55, 1.70]", and the verdict's kind and words."""

    ratio: str
    interval: str
    verdict: str
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
    matrices: tuple[Matrix, ...]
    caption: str
    kind: Literal["matrices"] = "matrices"


@dataclass(frozen=True)
class Commands:
    """Lines to paste into a shell."""

    lines: tuple[str, ...]
    kind: Literal["commands"] = "commands"


@dataclass(frozen=True)
class Raw:
    """Markup made elsewhere, by a template that escapes."""

    markup: Markup
    kind: Literal["raw"] = "raw"


Block = Prose | Figure | Sheet | Cards | Diagnostics | Matrices | Commands | Raw


@dataclass(frozen=True)
class Section:
    """`name` is its anchor."""

    name: str
    title: str
    blocks: tuple[Block, ...]
    lead: str = ""


@dataclass(frozen=True)
class Document:
    """A whole page. `targets` are those that can be isolated on it.

    `script` is code of this page alone, run after the plots are asked for.
    """

    title: str
    facts: tuple[str, ...]
    sections: tuple[Section, ...]
    targets: tuple[str, ...] = ()
    script: str = ""

    @property
    def plots(self) -> tuple[Plot, ...]:
        return tuple(
            plot
            for section in self.sections
            for block in section.blocks
            if isinstance(block, Figure)
            for plot in block.plots
        )
