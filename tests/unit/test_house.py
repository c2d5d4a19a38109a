"""The shape of the house: one name for one thing, and names that say what a thing is."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from bench.targets import SERVICES

ROOT = SERVICES.parent
FOLDERS = ("bench", "services", "nix", "tests")


@cache
def modules(folder: str) -> Sequence[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text())) for path in sorted((ROOT / folder).rglob("*.py"))]


def loop_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """What loops, comprehensions and lambdas call the things that they go through, and where."""
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            for name in ast.walk(node.target):
                if isinstance(name, ast.Name):
                    yield name.id, name.lineno
        elif isinstance(node, ast.Lambda):
            for argument in node.args.args:
                yield argument.arg, argument.lineno


def types() -> dict[str, list[str]]:
    """Where each class and each alias of a type of the lab is defined, by its name."""
    found = defaultdict(list)
    for path, tree in modules("bench"):
        where = str(path.relative_to(ROOT))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(where)
        for name in filter(None, map(alias, tree.body)):
            found[name].append(where)
    return found


def alias(statement: ast.stmt) -> str:
    """The name that a module gives to a type (`Windows = Mapping[...]`), else ""."""
    match statement:
        case (
            ast.TypeAlias(name=ast.Name(id=name))
            | ast.Assign(targets=[ast.Name(id=name)])
            | ast.AnnAssign(target=ast.Name(id=name))
        ) if not name.isupper() and name.lstrip("_")[:1].isupper():
            return name
    return ""


def test_no_name_of_a_type_stands_for_two_things() -> None:
    """Whoever searches for it finds it."""
    found = types()
    assert {"Plan", "Pacing", "ShapeFunction"} <= set(found)
    assert {name: where for name, where in found.items() if len(where) > 1} == {}


def test_a_folder_of_the_report_is_seen_at_a_glance() -> None:
    """No more than fifteen modules in one."""
    found = Counter(path.parent for path, _ in modules("bench/report"))
    assert ROOT / "bench/report/sections" in found
    assert {str(folder): count for folder, count in found.items() if count > 15} == {}


@pytest.mark.parametrize("folder", FOLDERS)
def test_loops_name_the_noun(folder: str) -> None:
    """Who reads the middle of a loop knows what is in hand: a target, a window, a verdict."""
    names = [
        (f"{path.relative_to(ROOT)}:{line}", name) for path, tree in modules(folder)
        for name, line in loop_names(tree)
    ]  # fmt: skip
    assert names
    nameless = [where for where, name in names if name == "one"]
    assert nameless == []


FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Class:
    """A class of `bench` as its text has it."""

    where: str
    node: ast.ClassDef

    @property
    def is_protocol(self) -> bool:
        return any("Protocol" in ast.unparse(base) for base in self.node.bases)

    @property
    def methods(self) -> dict[str, FUNCTION]:
        """Its public methods and properties, by name."""
        found = [node for node in self.node.body if isinstance(node, FUNCTION)]
        return {node.name: node for node in found if not node.name.startswith("_")}

    @property
    def described(self) -> set[str]:
        return {name for name, node in self.methods.items() if ast.get_docstring(node)}


def public_classes() -> list[Class]:
    return [
        Class(str(path.relative_to(ROOT)), node)
        for path, tree in modules("bench")
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]


def attributes_of(protocol: Class) -> set[str]:
    """Its properties: they stand for the fields of dataclasses, which the class describes."""
    return {name for name, node in protocol.methods.items() if node.decorator_list}


def is_kept(protocol: Class, found: Class) -> bool:
    """Whether a class has all methods of a protocol, whose properties may be fields of it."""
    methods = set(protocol.methods)
    return (methods - attributes_of(protocol) or methods) <= set(found.methods)


def undescribed_methods(found: Class, protocols: list[Class]) -> set[str]:
    """The methods without a docstring, but those that a protocol which the class keeps describes
    for everybody, and the properties of a protocol.
    """
    kept = [other for other in protocols if is_kept(other, found)]
    elsewhere = {name for protocol in kept for name in protocol.described}
    if found.is_protocol:
        elsewhere |= attributes_of(found)
    return set(found.methods) - found.described - elsewhere


def undescribed() -> set[str]:
    """Each public function and method of the lab that does not say what comes back."""
    classes = public_classes()
    protocols = [found for found in classes if found.is_protocol]
    methods = {
        f"{found.where}: {found.node.name}.{name}"
        for found in classes
        for name in undescribed_methods(found, protocols)
    }
    functions = {
        f"{path.relative_to(ROOT)}: {node.name}"
        for path, tree in modules("bench")
        for node in tree.body
        if isinstance(node, FUNCTION) and node.name[0] != "_" and not ast.get_docstring(node)
    }
    return methods | functions


def test_public_functions_say_what_comes_back() -> None:
    """Each has a docstring, where no protocol has said it for all who keep that."""
    assert {found.node.name for found in public_classes()} >= {"Engine", "Generator", "Plan"}
    assert undescribed() == set()


def raised(function: ast.AST) -> set[str]:
    """The classes of which it raises an error itself."""
    errors = [node.exc for node in ast.walk(function) if isinstance(node, ast.Raise)]
    classes = [error.func if isinstance(error, ast.Call) else error for error in errors]
    return {found.id for found in classes if isinstance(found, ast.Name) and found.id[0].isupper()}


def test_public_functions_say_what_they_raise_themselves() -> None:
    """Each names the class in its docstring. The command line's own raise for the shell."""
    assert raised(ast.parse("def f():\n    raise OSError(1)")) == {"OSError"}
    unsaid = {
        f"{path.relative_to(ROOT)}: {node.name}: {name}"
        for path, tree in modules("bench")
        if "cli" not in path.relative_to(ROOT).parts
        for node in ast.walk(tree)
        if isinstance(node, FUNCTION) and node.name[0] != "_" and ast.get_docstring(node)
        for name in raised(node)
        if name not in str(ast.get_docstring(node))
    }
    assert unsaid == set()


def test_a_folder_that_lists_its_modules_lists_all_of_them() -> None:
    """In the docstring of its `__init__`, a line each: a reader finds in it what there is."""
    listing = {}
    for folder in sorted(path.parent for path in (ROOT / "bench").rglob("__init__.py")):
        text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
        if listed := set(re.findall(r"^(\w+)(?:/ +| {2,})\S", text, re.MULTILINE)):
            found = {path.stem for path in folder.glob("*.py")} - {"__init__"}
            found |= {path.parent.name for path in folder.glob("*/__init__.py")}
            listing[folder.name] = listed ^ found
    assert "analysis" in listing
    assert {name: wrong for name, wrong in listing.items() if wrong} == {}
