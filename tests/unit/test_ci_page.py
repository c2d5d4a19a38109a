"""docs/ci.md: its workflows are what GitHub and GitLab take, and say what the lab understands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bench.cli.main import variables_by_verb
from bench.environment import FETCHING, LAB_VARIABLES
from bench.targets import SERVICES, default_targets, known_targets

PAGE = (SERVICES.parent / "docs" / "ci.md").read_text()
BLOCKS = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
GITHUB, GITLAB = (text for _, text in BLOCKS)


@pytest.mark.parametrize(
    ("schema", "text"),
    [("github-workflows", GITHUB), ("gitlab-ci", GITLAB)],
    ids=["github", "gitlab"],
)
def test_each_file_keeps_its_schema(schema: str, text: str, tmp_path: Path) -> None:
    """As SchemaStore and GitLab publish them; a file with a mistake does not."""

    def check(content: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "file.yml"
        path.write_text(content)
        command = ["check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(path)]
        return subprocess.run(
            [sys.executable, "-m", *command], capture_output=True, text=True, check=False
        )

    done = check(text)
    assert done.returncode == 0, done.stdout + done.stderr
    mistaken = text.replace("runs-on:", "run-on:").replace("artifacts:\n", "artifacts: 1\n")
    assert mistaken != text
    assert check(re.sub(r"artifacts: 1\n(    .*\n)+", "artifacts: 1\n", mistaken)).returncode == 1


def variables(text: str) -> set[str]:
    """Every variable that a file sets for a command."""
    found = set()
    for block in _mappings(yaml.safe_load(text)):
        for key in ("env", "variables", "matrix"):
            value = block.get(key)
            parts = value if isinstance(value, list) else [value]
            found |= {name for part in parts if isinstance(part, dict) for name in part}
    return {name for name in found if name.isupper()}


def _mappings(value: object):
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _mappings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _mappings(inner)


@pytest.mark.parametrize("text", [GITHUB, GITLAB], ids=["github", "gitlab"])
def test_what_they_set_is_understood(text: str) -> None:
    """By the lab, or by the CI itself."""
    known = {*variables_by_verb()["ab"], *LAB_VARIABLES, *FETCHING}
    own = {"GH_TOKEN", "NUMBER", "GIT_DEPTH"}
    assert {"BASE", "THRESHOLD"} <= variables(text)
    assert variables(text) - known - own == set()
    assert "python -m bench ab" in text
    assert re.search(r"(fetch-depth|GIT_DEPTH): .?0", text)


def test_they_compare_the_standard_targets() -> None:
    """All of them, each in a job of its own."""
    names = [target.name for target in default_targets(known_targets())]
    told = yaml.safe_load(GITHUB)["jobs"]["measure"]["strategy"]["matrix"]["framework"]
    also = yaml.safe_load(GITLAB)["before-and-after"]["parallel"]["matrix"][0]["FRAMEWORK"]
    assert sorted(told) == sorted(also) == sorted(names)
