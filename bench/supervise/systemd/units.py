"""From the templates in `systemd/` to the files of one lab on one machine. Pure functions.

The templates carry no path, no port and no CPU of a machine. Paths are `@name@`; what is particular
to one unit (its commands, its port, its CPUs, its environment) stands in a drop-in that the lab
writes.

A lab on other ports has other unit names: in its files `onecore` reads `onecore_2000`.
"""

import hashlib
import re
import shlex
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.errors import SetupError
from bench.model import Unit
from bench.placement import format_cpulist, parse_cpulist

LAB_DROP_IN = "90-lab.conf"
_APPS = "onecore-app@.service"
_DATABASES = "onecore-postgres@.service"
_PLACEHOLDER = re.compile(r"@([a-z_]+)@")
_UNFIT_IN_A_VALUE = re.compile(r"[\t\n\r\"'\\$;:]")
# What ProtectHome= and PrivateTmp= cover.
_COVERED = tuple(map(Path, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))  # noqa: S108
# What ProtectHome=tmpfs puts there has mode 0700: a user's checkout in it could not be reached.
_STAYS_CLOSED = Path("/root")

Files = Mapping[str, str]
"""Texts of unit files by their path below the folder of units."""


def lab_name(port_offset: int) -> str:
    """What a lab's units are called: `onecore` on the default ports, `onecore_2000` on others."""
    if port_offset == 0:
        return "onecore"
    return f"onecore_{port_offset}".replace("-", "m")


def systemd_name(name: str, lab: str, templates: Container[str]) -> str:
    """The name that systemd knows a unit by.

    `onecore-postgres-drf` is an instance of the databases' template,
    `onecore-postgres@drf.service`. What has no file of its own is an app: `onecore-drf` is
    `onecore-app@drf.service`.
    """
    rest = name.removeprefix("onecore")
    if _DATABASES in templates and rest.startswith("-postgres-"):
        rest = f"-postgres@{rest.removeprefix('-postgres-')}"
    elif _APPS in templates and f"{name}.service" not in templates:
        rest = f"-app@{rest.removeprefix('-')}"
    return f"{lab}{rest}.service"


# --- templates --------------------------------------------------------------------------------


def render(text: str, values: Mapping[str, str], lab: str) -> str:
    """A template's text with the lab's name and every `@name@` filled in.

    Raises SetupError on an unknown placeholder and on a value that a unit file cannot carry.
    """

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values:
            raise SetupError(f"a systemd template asks for @{name}@, which the lab does not know")
        value = values[name]
        if _UNFIT_IN_A_VALUE.search(value):
            raise SetupError(
                f"the {name} {value!r} cannot stand in a systemd unit",
                "Use a path without quotes, colons and the like, or SUPERVISOR=process.",
            )
        return value.replace("%", "%%")

    return _PLACEHOLDER.sub(fill, re.sub(r"\bonecore(?=[-.])", lab, text))


def read_templates(folder: Path) -> Files:
    """Every template below `folder`, links followed."""
    files = (path for path in folder.glob("**/*", recurse_symlinks=True) if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(files)
        if path.suffix in {".service", ".slice", ".target", ".conf"}
    }


def shared_files(
    templates: Files, values: Mapping[str, str], lab: str, *, root: bool
) -> dict[str, str]:
    """The slice, the target and the drop-ins that apply to all units of a lab."""
    chosen = (
        path
        for path in templates
        if path in {"onecore.slice", "onecore.target"} or path.startswith("onecore-.service.d/")
    )
    texts = _usable(chosen, templates, root=root)
    return {
        lab + path.removeprefix("onecore"): render(text, values, lab)
        for path, text in texts.items()
    }


def template_files(
    unit: Unit, templates: Files, values: Mapping[str, str], lab: str, *, root: bool
) -> dict[str, str]:
    """The unit's own file with the drop-ins that belong to its template.

    Raises SetupError when there is no such template.
    """
    file = f"{unit.template}.service"
    if file not in templates:
        raise SetupError(
            f"{unit.name} has no unit file: there is no systemd/{file}",
            "Write one (the others show how), or use SUPERVISOR=process.",
        )
    own = (path for path in templates if path == file or path.startswith(f"{file}.d/"))
    mine = re.sub(r"@.*\.service$", "@.service", systemd_name(unit.name, lab, templates))
    texts = _usable(own, templates, root=root)
    return {
        mine + path.removeprefix(file): render(text, values, lab) for path, text in texts.items()
    }


def _usable(paths: Iterable[str], templates: Files, *, root: bool) -> Files:
    """What root's manager can do, and what an ordinary user's, are in files of their own."""
    others = "-user.conf" if root else "-system.conf"
    return {path: templates[path] for path in paths if not path.endswith(others)}


# --- the lab's drop-in ------------------------------------------------------------------------


@dataclass(frozen=True)
class Local:
    """What this machine and this lab add to a unit.

    `hidden` are folders that other users may not enter, `needed` what the unit must see of them.
    `cpuset` says whether the manager may confine units to CPUs.
    """

    state: Path
    cpuset: bool
    hidden: tuple[Path, ...] = ()
    needed: tuple[Path, ...] = ()


def environment_names(texts: Iterable[str]) -> frozenset[str]:
    """The variables that unit files set themselves."""
    lines = (line for text in texts for line in text.splitlines())
    settings = (line.partition("=")[2] for line in lines if line.startswith("Environment="))
    return frozenset(
        word.partition("=")[0] for setting in settings for word in shlex.split(setting)
    )


def lab_drop_in(
    unit: Unit,
    local: Local,
    applying: Files,
    needed: Iterable[str] = (),
    handed: Iterable[str] = (),
) -> str:
    """The drop-in of one unit; `applying` are all other files that describe it.

    What the unit files set is theirs; the lab adds the rest: the environment, and the commands
    where a template leaves them to its instances. `needed` are systemd's names of the units that
    run before it, `handed` the variables that its manager would hand to it: those that are not the
    unit's own are taken away. The fingerprint covers everything, so that an edit anywhere restarts
    the unit that it concerns.
    """
    said = environment_names(applying.values())
    environment = {"PORT": str(unit.port), **unit.environment}
    added = [f"{name}={value}" for name, value in environment.items() if name not in said]
    lines = [
        *(f"{how}={name}" for name in needed for how in ("Wants", "After")),
        "",
        "[Service]",
        *([] if _says_what_runs(applying) else _commands(unit)),
        # Emptied first: lists of several files add up, and the machine's own may name other CPUs.
        "CPUAffinity=",
        f"CPUAffinity={format_cpulist(unit.cpus)}",
        *(["AllowedCPUs=", f"AllowedCPUs={format_cpulist(unit.cpus)}"] if local.cpuset else []),
        *(f"Environment={quoted((each,))}" for each in added),
        *(f"UnsetEnvironment={name}" for name in sorted({*handed} - {*environment} - said)),
        *(f"TemporaryFileSystem={quoted((f'{folder}:ro,mode=755',))}" for folder in local.hidden),
        *(f"BindReadOnlyPaths={quoted((str(folder),))}" for folder in local.needed),
    ]
    whole = "\n".join([*sorted(applying.values()), *lines, unit.source])
    head = [
        "# Written by the lab for this machine. `make down` removes it.",
        "[Unit]",
        f"X-Onecore-Name={unit.name}",
        f"X-Onecore-State={local.state}",
        f"X-Onecore-Fingerprint={hashlib.sha256(whole.encode()).hexdigest()}",
    ]
    return "\n".join([*head, *lines, ""])


# What systemd tells every process of it, and which user it is.
_TOLD_BY_SYSTEMD = re.compile(
    "INVOCATION_ID|JOURNAL_STREAM|NOTIFY_SOCKET|CREDENTIALS_DIRECTORY|RUNTIME_DIRECTORY|MAINPID|"
    "USER|LOGNAME|SHELL|HOME|(SYSTEMD|MEMORY_PRESSURE|MANAGERPID|LISTEN|WATCHDOG|LOG)[A-Z_]*"
)


def foreign_variables(found: Mapping[str, str], unit: Unit, applying: Files) -> tuple[str, ...]:
    """Of a running process's variables those that neither its unit's files have given to it nor
    systemd tells every process, and those that have another value than the unit's.
    """
    said = environment_names(applying.values())
    ours = environment_names(text for path, text in applying.items() if path.endswith(LAB_DROP_IN))
    given = {"PORT": str(unit.port), **unit.environment}
    foreign = [
        name
        for name, value in found.items()
        if (name not in said and not _TOLD_BY_SYSTEMD.fullmatch(name))
        or (name in ours and value != given[name])
    ]
    return tuple(sorted(foreign))


def _says_what_runs(applying: Files) -> bool:
    return any(re.search("^ExecStart=", text, re.MULTILINE) for text in applying.values())


def _commands(unit: Unit) -> list[str]:
    """What a unit runs, and where."""
    return [
        f"WorkingDirectory={str(unit.directory).replace('%', '%%')}",
        *(f"ExecStartPre={_command_line(command)}" for command in unit.prepare),
        f"ExecStart={_command_line(unit.command)}",
    ]


def _command_line(words: tuple[str, ...]) -> str:
    return quoted(words).replace("$", "$$")


def marks(drop_in: str) -> dict[str, str]:
    """The lab's own entries in a drop-in: Name, State and Fingerprint."""
    return dict(re.findall(r"^X-Onecore-(\w+)=(.*)$", drop_in, re.MULTILINE))


def placed_by(drop_in: str) -> tuple[int, ...]:
    """The CPUs that a drop-in of the lab's puts its unit on."""
    found = re.search(r"^CPUAffinity=(\S+)$", drop_in, re.MULTILINE)
    return parse_cpulist(found[1]) if found else ()


def quoted(words: tuple[str, ...]) -> str:
    """Words as systemd reads them back, one by one and unchanged."""
    return " ".join(f'"{_escaped(word)}"' for word in words)


def _escaped(word: str) -> str:
    special = {"\\": "\\\\", '"': '\\"', "%": "%%", "\n": "\\n"}
    return "".join(special.get(letter, letter) for letter in word)


def hidden_folders(closed: Iterable[Path | None]) -> tuple[Path, ...]:
    """The closed folders that are not covered anyway, or covered by what is as closed."""
    found = {folder for folder in closed if folder is not None}
    hidden = (folder for folder in found if folder == _STAYS_CLOSED or not _is_covered(folder))
    return tuple(sorted(hidden))


def to_show(needed: Iterable[Path], closed: Iterable[Path | None]) -> tuple[Path, ...]:
    """Of the needed folders, those that would be covered otherwise."""
    pairs = zip(needed, closed, strict=True)
    return tuple(sorted({path for path, shut in pairs if shut is not None or _is_covered(path)}))


def _is_covered(path: Path) -> bool:
    return any(path == folder or folder in path.parents for folder in _COVERED)
