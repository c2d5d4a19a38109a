"""How many rounds an unchanged service takes, as docs/method.md promises it."""

import re
from pathlib import Path

import numpy as np
import pytest

from bench.experiment.ab.rounds import LOOKS
from bench.stats.looks import level_of
from bench.stats.verdict import Comparison, judge

METHOD = (Path(__file__).parents[3] / "docs" / "method.md").read_text()
ANSWERS = 40
OPERATIONS = 5


def promised() -> list[tuple[float, str, float, int | None]]:
    """Of each cell of the table: scatter, profile, threshold, rounds; None where none will do."""
    head, *rows = re.findall(r"^\| (?:a round scatters by|\d\.\d %) \|.*$", METHOD, re.MULTILINE)
    columns = re.findall(r"`(\w+)`, (\d) %", head)
    found = []
    for row in rows:
        scatter, *rounds = (cell.strip() for cell in row.strip("|").split("|"))
        found += [
            (
                float(scatter.removesuffix(" %")) / 100,
                profile,
                int(percent) / 100,
                None if number == "-" else int(number),
            )
            for (profile, percent), number in zip(columns, rounds, strict=True)
        ]
    return found


def known_to_be_the_same(scatter: float, profile: str, threshold: float, rounds: int) -> int:
    """How many of the answers call all operations indistinguishable after so many rounds."""
    random = np.random.default_rng(5)
    level = level_of(rounds, LOOKS[profile])
    count = 0
    for logs in random.normal(0, scatter, (ANSWERS, OPERATIONS, rounds)):
        same = dict.fromkeys(range(rounds), 100.0)
        family = [
            Comparison("head", "base", dict(enumerate(100 * np.exp(operation))), same)
            for operation in logs
        ]
        verdicts = judge(family, threshold, level, same_alone=True)
        count += all(verdict.kind == "indistinguishable" for verdict in verdicts)
    return count


@pytest.mark.parametrize(("scatter", "profile", "threshold", "rounds"), promised())
def test_an_unchanged_service_is_known_after_the_rounds_that_the_method_names(
    scatter: float, profile: str, threshold: float, rounds: int | None
) -> None:
    """Nine in ten at that look, and fewer at the one before; or at none."""
    if rounds is not None:
        assert known_to_be_the_same(scatter, profile, threshold, rounds) >= 0.9 * ANSWERS
    before = [look for look in LOOKS[profile] if rounds is None or look < rounds]
    if before:
        assert known_to_be_the_same(scatter, profile, threshold, before[-1]) < 0.95 * ANSWERS


def test_the_method_promises_rounds() -> None:
    """The table is found: without it nothing above would be tested."""
    assert len(promised()) > 10
