"""A systemd manager, spoken to by the commands that its user would type.

Why not D-Bus: see docs/decisions/0006.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.errors import SetupError, UnitFailed

_PROPERTIES = (
    "Id", "LoadState", "ActiveState", "SubState", "Result", "MainPID", "ExecMainStatus",
    "ExecMainCode", "ControlGroup", "NRestarts",
)  # fmt: skip


@dataclass(frozen=True)
class Manager:
    """The machine's manager, or the caller's own."""

    scope: Literal["system", "user"]

    @property
    def folder(self) -> Path:
        """Where units go that last until the next restart of the machine."""
        if self.scope == "system":
            return Path("/run/systemd/system")
        return Path(os.environ["XDG_RUNTIME_DIR"], "systemd", "user")

    @property
    def words(self) -> tuple[str, ...]:
        """The command that reaches it, without a verb; it never asks for a password."""
        return ("systemctl", f"--{self.scope}", "--no-ask-password")

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run systemctl; what it answers is the caller's to judge."""
        command = (*self.words, *words)
        # What finds a user's manager is in the lab's own environment.
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "SYSTEMD_COLORS": "0"}
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    def tell(self, *words: str) -> None:
        """Run systemctl. Raises UnitFailed with what it said when it refuses."""
        done = self.ask(*words)
        if done.returncode != 0:
            raise UnitFailed(f"`{' '.join((*self.words, *words))}` failed: {done.stderr.strip()}")

    def show(self, name: str, properties: tuple[str, ...] = _PROPERTIES) -> Mapping[str, str]:
        """A unit's properties, also of one that does not exist (LoadState is then not-found).

        Raises UnitFailed when systemd does not answer.
        """
        # A name may begin with a dash, as that of the root slice does.
        done = self.ask("show", f"--property={','.join(properties)}", "--", name)
        if done.returncode != 0:
            raise UnitFailed(f"systemd does not tell about {name}: {done.stderr.strip()}")
        pairs = (line.partition("=") for line in done.stdout.splitlines())
        return {name: value for name, _, value in pairs}

    @property
    def cgroup(self) -> str:
        """The cgroup below which its units run: `/` for the machine's own. Raises UnitFailed."""
        return self.show("-.slice", ("ControlGroup",))["ControlGroup"]

    @property
    def version(self) -> int | None:
        """systemd's release, as in `systemd 257 (257.9-1)`; None where it does not say so."""
        said = re.match(r"systemd (\d+)", self.ask("--version").stdout)
        return int(said[1]) if said else None

    def folders(self) -> tuple[Path, ...]:
        """Where it looks for units, the folder that wins first."""
        listed = self.ask("show", "--property=UnitPath", "--value").stdout
        return tuple(map(Path, listed.split()))

    def environment_names(self) -> tuple[str, ...]:
        """The variables that it hands to every unit, unless the unit's files say otherwise: its
        own, those of `systemctl set-environment`, of sessions and of its configuration.
        """
        shown = self.ask("show-environment").stdout
        return tuple(sorted(re.findall(r"^(\w+)=", shown, re.MULTILINE)))

    def controllers(self, mount: Path = Path("/sys/fs/cgroup")) -> frozenset[str]:
        """The cgroup controllers that this manager may hand to its units. Raises UnitFailed."""
        file = mount / self.cgroup.strip("/") / "cgroup.controllers"
        return frozenset(file.read_text().split()) if file.exists() else frozenset()


def find_manager() -> Manager:
    """The system's manager for root, the user's own otherwise.

    Raises SetupError with the reason when there is none to be reached.
    """
    is_root = os.geteuid() == 0
    if is_root and Path("/proc/1/comm").read_text().strip() == "systemd":
        return Manager("system")
    if not os.environ.get("XDG_RUNTIME_DIR"):
        why = "PID 1 is not systemd, and " if is_root else ""
        raise SetupError(
            f"{why}XDG_RUNTIME_DIR is not set: there is no session with a systemd of its own",
            "Log in anew, or `loginctl enable-linger` and set XDG_RUNTIME_DIR=/run/user/$(id -u).",
        )
    manager = Manager("user")
    try:
        answer = manager.ask("is-system-running")
    except FileNotFoundError:
        raise SetupError("systemctl is not on PATH") from None
    if answer.stdout.strip() in {"running", "degraded", "starting", "maintenance", "initializing"}:
        return manager
    why = first_line(answer.stderr) or first_line(answer.stdout) or "no reason given"
    raise SetupError(f"`systemctl --user` does not answer: {why}")


def first_line(text: str) -> str:
    """The first line of what a command said, "" when it said nothing."""
    return next(iter(text.strip().splitlines()), "")
