"""Checks as lines for a terminal or a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.preflight.check import Check, verdict

_SYMBOL = {"ok": "✓", "note": "·", "doubt": "!", "bad": "✗"}
_STYLE = {"ok": "green", "note": "cyan", "doubt": "yellow", "bad": "bold red"}
_VERDICT_STYLE = {"fit": "green", "fit with doubts": "yellow", "unfit": "bold red"}


@dataclass(frozen=True)
class PageLine:
    """A line of text, and the rich style that it is shown in."""

    text: str
    style: str = ""


def render(checks: Sequence[Check]) -> tuple[PageLine, ...]:
    """One line per check, what would mend it below, and a verdict at the end."""
    width = max((len(check.name) for check in checks), default=0)
    body = [line for check in checks for line in _lines(check, width)]
    return (*body, PageLine(""), _summary(checks))


def _lines(check: Check, width: int) -> Iterator[PageLine]:
    symbol, style = _SYMBOL[check.state], _STYLE[check.state]
    why = f" ({check.why})" if check.why and check.state != "ok" else ""
    yield PageLine(f"{symbol} {check.name:<{width}}  {check.seen}{why}", style)
    if check.state != "ok":
        yield PageLine(f"{' ' * (width + 4)}{check.remedy}", "dim")


def _summary(checks: Sequence[Check]) -> PageLine:
    counts = {state: sum(check.state == state for check in checks) for state in _SYMBOL}
    parts = [
        f"{counts[state]} {word}{'s' * (counts[state] > 1 and state != 'bad')}"
        for state, word in (("bad", "bad"), ("doubt", "doubt"), ("note", "note"))
        if counts[state]
    ]
    found = verdict(checks)
    told = f": {', '.join(parts)}" if parts else ""
    return PageLine(f"This machine is {found} for measuring{told}.", _VERDICT_STYLE[found])
