"""docs/frameworks.md: each answer has its evidence, and the evidence exists."""

import re
from pathlib import Path

import pytest

from bench.targets import known_targets, select_targets

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "frameworks.md").read_text()
# What the page is about: somebody's own framework needs no place on it.
SHOWN = select_targets(known_targets(), ("fastapi", "flask", "drf"))
QUESTIONS = (
    *("learning curve", "performance", "async support", "documentation"),
    *("admin", "validation", "routing", "connection pooling"),
)
SECTIONS = {
    title.lower(): text
    for title, text in re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_has_a_row_and_a_section(question: str) -> None:
    """No question of the page is without its answer, or without its link."""
    anchor = question.replace(" ", "-")
    assert f"| [{question}](#{anchor})" in PAGE
    assert question in SECTIONS


@pytest.mark.parametrize("question", [asked for asked in QUESTIONS if asked != "performance"])
def test_every_answer_points_into_the_code_of_each_service(question: str) -> None:
    """One that has nothing to show (no admin, no pages) shows where it would be."""
    for target in SHOWN:
        told = f"../services/{target.name}/" in SECTIONS[question]
        by_contract = (
            question == "documentation" and "../services/openapi.yaml" in SECTIONS[question]
        )
        assert told or by_contract, f"{question} shows nothing of {target.name}"


def test_every_named_file_exists() -> None:
    """In links and in the text."""
    named = set(re.findall(r"(?:services|tests|docs)/[\w./-]+\.(?:py|yaml|md|toml)", PAGE))
    assert len(named) > 20
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_figures_name_their_machine() -> None:
    """The section on performance has figures, of a run with its day, on a machine with a name."""
    text = SECTIONS["performance"]
    assert re.search(r"[Rr]un \d{8}-\d{6} of \d{4}-\d{2}-\d{2}", text)
    assert re.search(r"\d+ (shared )?CPUs of an? \w+", text)
    for target in SHOWN:
        assert re.search(rf"\| {target.label} \| [\d,]+ ±[\d,]+ \| [\d,]+ ±[\d,]+ \|", text)


def test_figures_are_those_of_the_run_in_the_readme() -> None:
    """One run, told twice: its name, and each framework's rate and cost, here and there."""
    text, readme = SECTIONS["performance"], (ROOT / "README.md").read_text()
    (run,) = set(re.findall(r"\d{8}-\d{6}", text))
    assert f"RUN={run}" in readme
    for target in SHOWN:
        row = rf"^\| read +\| {target.name} +\| +([^|]+?) +\| +([^|]+?) +\|"
        ((rate, cost),) = re.findall(row, readme, re.MULTILINE)
        assert f"| {target.label} | {rate} | {cost} |" in text
        assert f"{rate} requests/s, {cost} us of CPU each" in PAGE


OTHERS = {"tests", "migrations", "tuned", "asynchronous", "rungs"}
"""Folders that are not of the standard mode."""


def test_the_count_of_lines_is_near_the_truth() -> None:
    """Within a twentieth of what the command beside it prints."""
    for target in SHOWN:
        found = re.search(rf"{target.name} about ([\d,]+)", SECTIONS["learning curve"])
        assert found, f"no count for {target.name}"
        counted = sum(
            len(path.read_text().splitlines())
            for path in target.directory.rglob("*.py")
            if not OTHERS & set(path.relative_to(target.directory).parts)
        )
        assert int(found[1].replace(",", "")) == pytest.approx(counted, rel=0.05)
