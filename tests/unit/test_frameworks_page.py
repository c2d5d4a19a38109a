"""docs/frameworks.md: each answer has its evidence, and the evidence exists."""

import re
from pathlib import Path

import pytest

from bench.targets import known_targets

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "frameworks.md").read_text()
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


@pytest.mark.parametrize("question", [one for one in QUESTIONS if one != "performance"])
def test_every_answer_points_into_the_code_of_each_service(question: str) -> None:
    """One that has nothing to show (no admin, no pages) shows where it would be."""
    for target in known_targets():
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
    """A figure in the section on performance comes with its run and its machine."""
    text = SECTIONS["performance"]
    if re.search(r"\d[\d,]* (requests/s|us)", text):
        assert "CPU" in text
        assert re.search(r"run of \d{4}-\d{2}-\d{2}", text)
