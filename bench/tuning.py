"""Change kernel settings for measuring, and put back exactly what was there.

Before anything is changed, the values found are written to a state file, so that a crash at any
point leaves enough to restore from. A value saved once is never replaced by a later one: tuning
twice must not save what the first time has set. The kernel forgets settings at a restart, so
values of an earlier boot are void: restoring them could set what nobody ever had.
"""

import errno
import json
import os
import sys
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from bench.errors import SetupError
from bench.files import write_whole
from bench.host.cpus import SMT_SWITCH, smt_groups
from bench.kernel import REAL, KernelTree, Setting

STATE = Path("/run/onecore/tuned.json")
"""Emptied at a restart, like the settings themselves; only root can write there."""

_BOOT = "/proc/sys/kernel/random/boot_id"
_VERSION = 1
_MANAGED = "the kernel places this interrupt by itself"

OutcomeKind = Literal["set", "restored", "unchanged", "kept", "gone", "failed"]
"""Kept is what the kernel decides by itself, gone what is not there any more: nobody's failures."""


@dataclass(frozen=True)
class SettingOutcome:
    """What became of one setting, in words for the user."""

    kind: OutcomeKind
    name: str
    message: str


@dataclass(frozen=True)
class Saved:
    """The values found before the first change of this boot, by file, in the order of changing."""

    boot: str
    values: dict[str, str] = field(default_factory=dict)


def require_root(verb: str) -> None:
    """Raises SetupError with the command to paste when this user is not root."""
    if os.geteuid() != 0:
        raise SetupError(
            f"{verb} changes kernel settings: it needs root",
            f"sudo {sys.executable} -m bench {verb}",
        )


def tune(
    settings: Iterable[Setting], tree: KernelTree = REAL, state: Path = STATE
) -> tuple[SettingOutcome, ...]:
    """Save what is there, then set what is wanted.

    Raises SetupError when the old values cannot be saved; nothing has been changed then.
    """
    wanted = {setting.name: setting.value for setting in settings}
    found = {name: tree.read(name) for name in wanted}
    changing = {name: value for name, value in found.items() if value and value != wanted[name]}
    if not changing:
        return tuple(_set(Setting(name, wanted[name]), found[name], tree) for name in wanted)
    saved = _load(tree, state)
    # First, so that they are put back last: when all CPUs are there again.
    saving = {**_changed_along(changing, tree), **changing}
    new = {name: value for name, value in saving.items() if name not in saved.values}
    _save(replace(saved, values={**saved.values, **new}), state)
    outcomes = tuple(_set(Setting(name, wanted[name]), found[name], tree) for name in wanted)
    # What the kernel refused has not been changed: a run would say of it that it was tuned.
    refused = {outcome.name for outcome in outcomes if outcome.kind in ("kept", "failed")}
    as_found = {name for name in refused & set(new) if tree.read(name) == new[name]}
    if as_found:
        left = {name: value for name, value in new.items() if name not in as_found}
        _keep(replace(saved, values={**saved.values, **left}), state)
    return outcomes


def untune(tree: KernelTree = REAL, state: Path = STATE) -> tuple[SettingOutcome, ...]:
    """Put back every saved value, the last one changed first.

    What the kernel refuses stays saved, so that it can be tried again. What has disappeared is
    told and forgotten. Raises SetupError when the state file cannot be read.
    """
    saved = _load(tree, state)
    outcomes = tuple(
        _restore(Setting(name, value), tree) for name, value in reversed(saved.values.items())
    )
    refused = {outcome.name for outcome in outcomes if outcome.kind == "failed"}
    left = {name: value for name, value in saved.values.items() if name in refused}
    _keep(replace(saved, values=left), state)
    return outcomes


def saved_values(tree: KernelTree = REAL, state: Path = STATE) -> dict[str, str]:
    """What would be put back, by name. Raises SetupError when the state is unreadable."""
    return _load(tree, state).values


def tuned_names(tree: KernelTree = REAL, state: Path = STATE) -> list[str] | None:
    """What `tune` has changed and nobody has put back; None when the state cannot be read."""
    try:
        return sorted(saved_values(tree, state))
    except SetupError:
        return None  # a run need not fail for that: it says that it does not know


def _changed_along(changing: Collection[str], tree: KernelTree) -> dict[str, str]:
    """What the kernel changes by itself, and for good, with other settings: an interrupt that may
    come to siblings alone goes anywhere once those are offline.
    """
    if SMT_SWITCH not in changing:
        return {}
    leaving = {cpu for group in smt_groups(tree) for cpu in group[1:]}
    files = tree.names("/proc/irq/[0-9]*/smp_affinity_list")
    return {name: tree.read(name) for name in files if set(tree.cpus(name)) <= leaving}


# --- one setting ------------------------------------------------------------------------------


def _set(setting: Setting, found: str, tree: KernelTree) -> SettingOutcome:
    name, value = setting.name, setting.value
    if not found:
        return SettingOutcome("failed", name, "is not there (any more)")
    if found == value:
        return SettingOutcome("unchanged", name, f"is {value} already")
    problem = _write(setting, tree)
    if problem == _MANAGED:
        return SettingOutcome("kept", name, f"stays {tree.read(name)}: {problem}")
    if problem:
        return SettingOutcome("failed", name, f"stays {tree.read(name)}: {problem}")
    return SettingOutcome("set", name, f"{found} -> {value}")


def _restore(setting: Setting, tree: KernelTree) -> SettingOutcome:
    name, value = setting.name, setting.value
    now = tree.read(name)
    if not now:
        return SettingOutcome("gone", name, f"is not there any more; it was {value}")
    if tree.same(now, value):
        return SettingOutcome("unchanged", name, f"is {value} already")
    problem = _write(setting, tree)
    if problem == _MANAGED:
        return SettingOutcome("kept", name, f"stays {now}, it was {value}: {problem}")
    if problem:
        return SettingOutcome("failed", name, f"stays {tree.read(name)}, it was {value}: {problem}")
    return SettingOutcome("restored", name, f"{now} -> {value}")


def _write(setting: Setting, tree: KernelTree) -> str:
    """Why a value could not be set, or "" when it was."""
    try:
        tree.write(setting.name, setting.value)
    except OSError as error:
        # What the kernel says of an interrupt that it places by itself.
        is_managed = error.errno == errno.EIO and setting.name.startswith("/proc/irq/")
        return _MANAGED if is_managed else f"{error.strerror}"
    now = tree.read(setting.name)
    return "" if tree.same(now, setting.value) else f"the kernel did not take {setting.value}"


# --- the state file ---------------------------------------------------------------------------


def _load(tree: KernelTree, state: Path) -> Saved:
    """What is saved; nothing when the file is absent or of an earlier boot."""
    fresh = Saved(tree.read(_BOOT))
    try:
        text = state.read_text()
    except FileNotFoundError:
        return fresh
    except OSError as error:
        raise SetupError(f"cannot read {state}: {error.strerror}") from error
    saved = _parse(text, tree, state)
    return saved if saved.boot == fresh.boot else fresh


def _parse(text: str, tree: KernelTree, state: Path) -> Saved:
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        content = json.loads(text)
        values = {str(name): str(value) for name, value in content["values"].items()}
        # Root writes to these names: nothing but settings may ever be among them.
        if content["version"] == _VERSION and all(map(tree.is_setting, values)):
            return Saved(str(content["boot"]), values)
    raise SetupError(
        f"{state} is not a list of saved settings of this version",
        f"Look at it and set by hand what it names, then remove it: rm {state}",
    )


def _keep(saved: Saved, state: Path) -> None:
    """Save what is left to be put back; no file stays where that is nothing."""
    if saved.values:
        _save(saved, state)
    else:
        state.unlink(missing_ok=True)


def _save(saved: Saved, state: Path) -> None:
    """Replace the state file in one step, and only return when it is on disk."""
    content = {"version": _VERSION, "boot": saved.boot, "values": saved.values}
    try:
        state.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        # A run of any user records what is tuned.
        write_whole(state, json.dumps(content, indent=1), mode=0o644, durable=True)
    except OSError as error:
        raise SetupError(
            f"cannot save the present settings in {state}: {error.strerror}",
            "Nothing was changed.",
        ) from error
