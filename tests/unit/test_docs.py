"""The docs are complete: what the code offers is documented, and what they name exists."""

import ast
import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from bench.cli import make_variables
from bench.cli.verbs import VERBS
from bench.experiment.ab.rounds import CONNECTIONS, LOOKS, TURNS, WINDOW_S
from bench.metrics import METRICS
from bench.model import CellResult, RunRecord, Sample, Study
from bench.store import schemas
from bench.targets import SERVICES, known_targets
from bench.workloads import WORKLOADS

ROOT = Path(__file__).parents[2]
COMMANDS = (ROOT / "docs" / "commands.md").read_text()
FORMAT = (ROOT / "docs" / "results-format.md").read_text()
SERVICES_PAGE = (ROOT / "docs" / "services.md").read_text()
METHOD = (ROOT / "docs" / "method.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = re.findall(r"^([a-z][a-z-]*):.*## ", MAKEFILE, re.MULTILINE)
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("results/*.md")]


@pytest.mark.parametrize("target", TARGETS)
def test_every_make_target_is_documented(target: str) -> None:
    """docs/commands.md says all that make can do."""
    assert f"make {target}" in COMMANDS


def test_every_make_target_named_in_the_docs_exists() -> None:
    """No page promises a command that is not there."""
    for page in PAGES:
        for name in re.findall(r"`make ([a-z][a-z-]*)", page.read_text()):
            assert name in TARGETS, f"{page.name} names make {name}"


def test_each_study_is_made_by_a_make_target() -> None:
    """The command on a run's page can be typed, and what make calls is a verb."""
    called = dict(re.findall(r"^([a-z-]+):.*\n\t@\$\(BENCH\) (\S+)$", MAKEFILE, re.MULTILINE))
    assert {study.verb for study in get_args(Study)} <= {*called}
    assert {*called.values()} <= {*VERBS}


@pytest.mark.parametrize("variable", sorted(make_variables()))
def test_every_variable_is_documented(variable: str) -> None:
    """Each variable that make hands on stands in docs/commands.md."""
    assert f"`{variable}" in COMMANDS or f"{variable}=" in COMMANDS


def test_how_long_an_ab_goes_on_and_what_it_counts_is_documented() -> None:
    """docs/commands.md has each profile's last look, docs/method.md what a round is."""
    last = {profile: looks[-1] for profile, looks in LOOKS.items()}
    told = (
        f"after {last['quick']} rounds (`quick`), {last['standard']} (`standard`) "
        f"or {last['publish']} (`publish`)"
    )
    assert told in " ".join(COMMANDS.split())
    assert (
        f"`CONCURRENCY=20` | connections of the closed loop ({CONNECTIONS} for `make ab`)"
        in COMMANDS
    )
    turns = f"{WINDOW_S / TURNS.turn_s:.0f} turns of {1000 * TURNS.turn_s:.0f} ms"
    round_ = f"A round counts {WINDOW_S:.2f} s of each side: {turns}"
    lead_in = f"each after a lead-in of {1000 * TURNS.lead_in_s:.0f} ms"
    assert f"{round_}, {lead_in}" in " ".join(METHOD.split())


@pytest.mark.parametrize("workload", WORKLOADS)
def test_every_workload_is_documented(workload: str) -> None:
    """docs/method.md says what each workload asks."""
    assert f"`{workload}`" in METHOD


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_every_metric_is_documented(metric) -> None:
    """docs/method.md says what each metric means."""
    assert metric.title in METHOD


CODES = sorted(
    {
        code
        for path in (ROOT / "bench").glob("**/*.py")
        for code in re.findall(r'Diagnostic\(\s*"([a-z-]+)"', path.read_text())
    }
)


@pytest.mark.parametrize("code", CODES)
def test_every_diagnostic_is_documented(code: str) -> None:
    """docs/method.md says when each is raised."""
    assert f"`{code}`" in METHOD


def stored_fields(kind: type) -> set[tuple[str, str]]:
    """(class, field) of all that is stored of a record, however deep."""
    found: set[tuple[str, str]] = set()
    open_kinds = [kind]
    while open_kinds:
        open_kind = open_kinds.pop()
        if is_dataclass(open_kind) and not any(name == open_kind.__name__ for name, _ in found):
            hints = get_type_hints(open_kind)
            found.update((open_kind.__name__, field.name) for field in fields(open_kind))
            open_kinds.extend(hints[field.name] for field in fields(open_kind))
        else:
            open_kinds.extend(each for each in get_args(open_kind) if not isinstance(each, str))
    return found


STORED = sorted(set().union(*map(stored_fields, (RunRecord, CellResult, Sample))))


@pytest.mark.parametrize(("kind", "name"), STORED, ids=lambda part: part)
def test_every_stored_field_is_documented(kind: str, name: str) -> None:
    """docs/results-format.md names all that a run's files hold, `kind` and what it is for apart."""
    if name == "kind":
        assert "has a `kind`" in FORMAT
    else:
        assert re.search(rf"`([a-z_]+\.)?{name}`", FORMAT), f"{kind}.{name}"


@pytest.mark.parametrize("name", schemas())
def test_the_published_schemas_are_current(name: str) -> None:
    """Whoever validates a run against docs/schema validates what the lab writes."""
    assert (ROOT / "docs" / "schema" / name).read_text() == schemas()[name]


def test_the_table_of_targets_is_true() -> None:
    """What docs/services.md says of a target is what its service.toml says, of those there."""
    known = {target.name: target for target in known_targets(services=SERVICES)}
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", SERVICES_PAGE, re.MULTILINE)
    assert rows
    for name, told in rows:
        target = known[name]
        ports = str(target.http_port), f"`{target.database_name}`", str(target.database_port)
        assert told.split(" | ") == [target.mode, target.contract, *ports]


def test_links_between_pages_lead_somewhere() -> None:
    """Every relative link in the docs names a file that exists."""
    for page in PAGES:
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_no_machine_of_ours(page: Path) -> None:
    """Paths of a developer's machine have no place in the docs."""
    assert not re.search(r"/(home|Users|work)/\w", page.read_text())


def test_every_test_says_what_it_shows() -> None:
    """A test's name may be short: its docstring tells the behaviour to who sees it fail."""
    silent = [
        f"{path.relative_to(ROOT)}: {test.name}"
        for folder in ("tests", "services")
        for path in sorted((ROOT / folder).rglob("test_*.py"))
        for test in ast.walk(ast.parse(path.read_text()))
        if isinstance(test, ast.FunctionDef)
        and test.name.startswith("test_")
        and not ast.get_docstring(test)
    ]
    assert not silent, "\n".join(silent)
