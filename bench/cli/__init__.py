"""The command line: one function per verb. Everything is parsed here once, then plain values.

Every option can be given as a make variable too (`make bench FRAMEWORK=drf`): make hands its
variables on in the environment.
"""

from bench.cli import (
    ab,
    browsing,
    declared,
    explaining,
    lab,
    machine,
    measuring,
    results,
    services,
    users,
)
from bench.cli.main import main, make_variables

__all__ = [
    "ab",
    "browsing",
    "declared",
    "explaining",
    "lab",
    "machine",
    "main",
    "make_variables",
    "measuring",
    "results",
    "services",
    "users",
]
