"""The shape of `bench`: one name for one thing."""

import ast
from collections import Counter, defaultdict

from bench.targets import SERVICES

ROOT = SERVICES.parent


def classes() -> dict[str, list[str]]:
    """Where each class of the lab is defined, by its name."""
    found = defaultdict(list)
    for path in sorted((ROOT / "bench").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(str(path.relative_to(ROOT)))
    return found


def test_no_class_name_stands_for_two_things() -> None:
    """Whoever searches for a class finds it."""
    found = classes()
    assert "Plan" in found
    assert {name: where for name, where in found.items() if len(where) > 1} == {}


def test_a_folder_of_the_report_is_seen_at_a_glance() -> None:
    """No more than fifteen modules in one."""
    modules = Counter(path.parent for path in (ROOT / "bench/report").rglob("*.py"))
    assert ROOT / "bench/report/sections" in modules
    assert {str(folder): count for folder, count in modules.items() if count > 15} == {}
