"""From what is asked to targets in a lab of their own, for as long as they are compared.

Everything is made before anything is started, and is gone afterwards but for the environments. What
an A/B that was killed has left is cleared away by the next one, and by `make clean`.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.errors import UsageError
from bench.experiment.ab.code import (
    Code,
    changed_files,
    commit_of,
    commits_code,
    target_in,
    trees_code,
    uncommitted_sha256,
)
from bench.experiment.ab.environments import Say, python_for
from bench.experiment.ab.side_specs import SideSpec
from bench.experiment.assembly import exclusively, held, open_lab, sides_folder, site
from bench.experiment.interruption import undisturbed
from bench.experiment.lab import Lab
from bench.experiment.side_lab import lab_apart, state_of
from bench.model import Side, Site, Target

DATABASES = "ab"
"""The folder of the lab's state in which the sides have their databases."""

_BUSY = "another A/B is using the folder of its sides"


@dataclass(frozen=True)
class PreparedSides:
    """The sides as targets of a lab of their own, the reference of each target first.

    `told` is for the run's provenance: where each side's code and packages come from, and which
    files differ.
    """

    lab: Lab
    sides: tuple[Side, ...]
    told: Mapping[str, object]


@contextmanager
def prepared_sides(
    states: Sequence[SideSpec], targets: Sequence[Target], say: Say
) -> Iterator[PreparedSides]:
    """The sides of each of these targets, ready to be started.

    Raises LabBusy while another command uses this lab or the folder, UsageError and SetupError
    where a side cannot be made.
    """
    here = site()
    folder = sides_folder(here)
    folder.mkdir(parents=True, exist_ok=True)
    with exclusively(here), held(folder / "lock", _BUSY):
        try:
            _clear(folder, here.state)
            yield _prepared_sides(states, targets, folder, say)
        finally:
            with undisturbed():
                _clear(folder, here.state)


def remove_sides(here: Site) -> tuple[str, ...]:
    """Remove code and environments of all A/Bs; returns the environments' folders by name.

    Labs on other ports share them. Raises LabBusy while one of them compares something.
    """
    folder = sides_folder(here)
    if not folder.exists():
        return ()
    with held(folder / "lock", _BUSY):
        found = tuple(sorted(path.name for path in folder.glob("environments/*")))
        shutil.rmtree(folder)
    return found


def _clear(folder: Path, state: Path) -> None:
    shutil.rmtree(folder / "code", ignore_errors=True)
    shutil.rmtree(state / DATABASES, ignore_errors=True)


def _prepared_sides(
    states: Sequence[SideSpec], targets: Sequence[Target], folder: Path, say: Say
) -> PreparedSides:
    root = site().root
    commits = {state.ref: commit_of(root, state.ref) for state in states if state.ref}
    code = _codes(root, commits, targets, folder / "code")
    pairs = [(target, state) for target in targets for state in states]
    sides = [
        _side(state, target, commits, sides_reference(target, states)) for target, state in pairs
    ]
    # What is wrong with a description is told before a minute is spent on an environment.
    found = [
        _target(state, side, target, code[state.ref])
        for (target, state), side in zip(pairs, sides, strict=True)
    ]
    kept = folder / "environments"
    pythons = [
        python_for(code[state.ref], state.requirements, root, kept, say) for _, state in pairs
    ]
    found = [replace(target, python=python) for target, python in zip(found, pythons, strict=True)]
    names = tuple(target.name for target in targets)
    lab = lab_apart(open_lab(names, beside=(folder,)), DATABASES, found)
    lab = replace(lab, databases_stay=False)
    return PreparedSides(lab, tuple(sides), _told(root, states, targets, commits))


def _codes(
    root: Path, commits: Mapping[str, str], targets: Sequence[Target], folder: Path
) -> Mapping[str, Code]:
    """The code of each ref that is asked for; "" is the working tree."""
    services = tuple(dict.fromkeys(target.directory for target in targets))
    found = {"": trees_code(root, services, folder / "tree")}
    by_commit: dict[str, Code] = {}
    for ref, commit in commits.items():
        if commit not in by_commit:
            by_commit[commit] = commits_code(root, commit, folder / commit[:12])
        found[ref] = by_commit[commit]
    return found


def name_of(target: Target, state: SideSpec) -> str:
    """The name of the target that stands for a side: `flask-base`, `flask-head`, `flask-2`."""
    return f"{target.name}-{state.key}"


def sides_reference(target: Target, states: Sequence[SideSpec]) -> str:
    """The name of the side that the others of a target are compared with."""
    return name_of(target, states[0])


def _side(state: SideSpec, target: Target, commits: Mapping[str, str], reference: str) -> Side:
    commit = commits.get(state.ref, "")
    return Side(
        name=name_of(target, state),
        of=target.name,
        title=f"{state.title} ({commit[:7]})" if commit else state.title,
        reference=reference,
        commit=commit,
        requirements=state.requirements,
        environment=dict(state.environment),
        serve=state.serve,
    )


def _target(state: SideSpec, side: Side, target: Target, code: Code) -> Target:
    """Raises SetupError where the code has no such target, UsageError for unknown settings."""
    own = target_in(code, target)
    require_known(own, state.environment)
    return replace(
        state_of(own, side.name, own.label),
        compared_with=() if side.is_reference else (side.reference,),
        environment={**own.environment, **state.environment},
        serve=state.serve or own.serve,
    )


def require_known(target: Target, names: Iterable[str]) -> None:
    """Raises UsageError where the service reads no such variable."""
    unknown = [name for name in names if name not in {*target.settings, *target.environment}]
    if unknown:
        told = ", ".join(f"{name}: {words}" for name, words in target.settings.items())
        raise UsageError(
            f"{target.name} reads no {' and no '.join(unknown)}",
            f"It reads {told}." if told else "It reads nothing that could be set.",
        )


def _told(
    root: Path, states: Sequence[SideSpec], targets: Sequence[Target], commits: Mapping[str, str]
) -> Mapping[str, object]:
    files = {
        target.framework: list(changed_files(root, commits[state.ref], _paths(root, target)))
        for state in states
        if state.ref
        for target in targets
    }
    return {"uncommitted_sha256": uncommitted_sha256(root), "changed_files": files}


def _paths(root: Path, target: Target) -> tuple[str, ...]:
    """What a side is made from, as git names it."""
    return (str(target.directory.relative_to(root)), "uv.lock")
