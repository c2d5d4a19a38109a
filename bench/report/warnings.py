"""Doubts in words."""

from bench.model import LabWarning


def doubt_words(warning: LabWarning, count: int = 1) -> str:
    """What was seen, how often, and the remedy, as sentences."""
    return f"{message_words(warning, count)} {warning.remedy}".rstrip()


def message_words(warning: LabWarning, count: int = 1) -> str:
    """What was seen, and how often."""
    often = f" ({count} times)" if count > 1 else ""
    return f"{warning.message.rstrip('.')}{often}."
