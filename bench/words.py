"""Figures in words, the same in every sentence, table, tooltip and label."""

from collections.abc import Sequence

from bench.model import Diagnostic, Estimate, Plan

NO_FIGURE = "–"
"""Stands where there is no figure."""

_TELLABLE_RATIO = 1000


def plain(number: float) -> str:
    """Three significant figures, without an exponent: 1.62, 0.987, 12.3, 4,120."""
    if number >= 100:
        return f"{number:,.0f}"
    decimals = 3 if number < 1 else 2 if number < 10 else 1
    return f"{number:.{decimals}f}"


def interval_words(ratio: Estimate) -> str:
    """E.g. "1.62 [1.55, 1.70]"; the point alone when one round gives no interval."""
    return f"{plain(ratio.point)} {interval_end_words(ratio)}".rstrip()


def interval_end_words(ratio: Estimate) -> str:
    """E.g. "[1.55, 1.70]"; "" when one round gives no interval."""
    if ratio.n < 2:
        return ""
    return f"[{ratio_end(ratio.low)}, {ratio_end(ratio.high)}]"


def ratio_end(ratio: float) -> str:
    """An end of a ratio's interval. Beyond a thousandfold its digits say nothing more."""
    if ratio < 1 / _TELLABLE_RATIO:
        return "<0.001"
    return ">1,000" if ratio > _TELLABLE_RATIO else plain(ratio)


def p_words(p_value: float | None) -> str:
    """E.g. "0.012"; a dash where there is no p-value."""
    if p_value is None:
        return NO_FIGURE
    return "<0.001" if p_value < 0.001 else f"{p_value:.3f}"


def times(count: int, what: str) -> str:
    """E.g. "1 round", "4 rounds"."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def and_list(words: Sequence[str]) -> str:
    """E.g. "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def capitalised(sentence: str) -> str:
    """With a capital letter, and otherwise as it is."""
    return f"{sentence[:1].upper()}{sentence[1:]}"


def length_words(plan: Plan) -> str:
    """How much is measured of a target in a round, e.g. "2.4 s of each in turns of 0.2 s"."""
    if plan.turns is None:
        return f"windows of {plan.window_s:g} s"
    return f"{plan.window_s:g} s of each in turns of {plan.turns.turn_s:g} s"


def diagnostic_words(diagnostic: Diagnostic, count: int = 1) -> str:
    """What was seen, how often, and the remedy, as sentences."""
    return f"{message_words(diagnostic, count)} {diagnostic.remedy}".rstrip()


def message_words(diagnostic: Diagnostic, count: int = 1) -> str:
    """What was seen, and how often."""
    often = f" ({count} times)" if count > 1 else ""
    return f"{diagnostic.message.rstrip('.')}{often}."
