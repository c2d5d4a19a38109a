"""CONTRIBUTING's drawing of the lab, and its walks through it, are as the code is."""

import re
import tomllib

import pytest

from bench.targets import SERVICES

ROOT = SERVICES.parent
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()

SERVICE_TIME = "From a request's service time to the p99 on a page"
FRAMEWORK = "From `FRAMEWORK=drf` to the plan"


def test_the_drawing_is_what_import_linter_enforces() -> None:
    """Row by row, from top to bottom."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layers,) = [
        contract["layers"] for contract in contracts["contracts"] if contract["type"] == "layers"
    ]
    enforced = [row.split(" | ") for row in layers]
    (drawing,) = re.findall(r"^```\n(__main__.*?)^```$", CONTRIBUTING, re.MULTILINE | re.DOTALL)
    drawn = [re.split(r" {2,}", row)[0].split(", ") for row in drawing.splitlines()]
    assert drawn == enforced


def walk(title: str) -> list[tuple[str, set[str]]]:
    """The files of a walk in order, each with the names in it that the walk tells."""
    (steps,) = re.findall(rf"^{re.escape(title)}:\n\n((?:\d+\. .*\n)+)", CONTRIBUTING, re.MULTILINE)
    found = []
    for step in steps.splitlines():
        path, *names = re.findall(r"`([^`]+)`", step)
        found.append((path, {name for name in names if name.isidentifier()}))
    return found


@pytest.mark.parametrize(("title", "most"), [(SERVICE_TIME, 12), (FRAMEWORK, 5)])
def test_a_walk_leads_from_file_to_file(title: str, most: int) -> None:
    """Each file has the names that are told of it, and one of them stands in the next file too."""
    steps = walk(title)
    assert 2 < len(steps) <= most
    texts = [(ROOT / path).read_text() for path, _ in steps]
    for (path, names), text in zip(steps, texts, strict=True):
        missing = {name for name in names if not re.search(rf"\b{name}\b", text)}
        assert names
        assert not missing, f"{path} has no {missing}"
    for (path, names), (following, _), text in zip(steps, steps[1:], texts[1:], strict=False):
        shared = {name for name in names if re.search(rf"\b{name}\b", text)}
        assert shared, f"nothing leads from {path} to {following}"
