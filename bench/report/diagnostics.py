"""Diagnostics in words."""

from bench.model import Diagnostic


def diagnostic_words(diagnostic: Diagnostic, count: int = 1) -> str:
    """What was seen, how often, and the remedy, as sentences."""
    return f"{message_words(diagnostic, count)} {diagnostic.remedy}".rstrip()


def message_words(diagnostic: Diagnostic, count: int = 1) -> str:
    """What was seen, and how often."""
    often = f" ({count} times)" if count > 1 else ""
    return f"{diagnostic.message.rstrip('.')}{often}."
