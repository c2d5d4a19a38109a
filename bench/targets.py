"""The registry of targets: every folder of `services/` with a `service.toml` is a framework, and
every table `[targets.NAME]` in that file is one of its targets.
"""

import os
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bench.errors import SetupError, UsageError
from bench.model import Advice, Contract, Mode, Target, TargetRecord

SERVICES = Path(__file__).resolve().parent.parent / "services"
MORE_SERVICES = "ONECORE_SERVICES"
"""The variable that names further folders like `services/`, with colons between them."""
ALL = "all"
"""What FRAMEWORK= says for every target."""
_TAKEN = ("postgres", "guard", ALL)
UNPRIVILEGED_PORTS = range(1024, 65536)

Port = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*([_-][a-z0-9]+)*$")]
Command = Annotated[tuple[str, ...], Field(min_length=1)]


class _StrictModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _DatabaseTable(_StrictModel):
    name: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$", max_length=40)]
    port: Port


class _CommandsTable(_StrictModel):
    migrate: Command | None = None
    serve: Command | None = None


class _VersionsTable(_StrictModel):
    packages: tuple[str, ...] = ()


class _TargetTable(_StrictModel):
    mode: Mode
    contract: Contract
    port: Port
    label: str | None = None
    serve: Command | None = None
    migrate: Command | None = None
    environment: Mapping[str, str] = {}
    packages: tuple[str, ...] = ()
    compared_with: tuple[Name, ...] = ()


SettingName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]

RungName = Literal["driver", "core", "orm", "unchecked"]
"""What a service may have between its framework alone and its usual self: docs/explain.md."""

LadderLayer = Literal[
    "server", "framework", "threads", "validation", "driver", "core", "orm", "serializers", "check"
]
"""What the rungs of a ladder add, from the server up."""

ProfileLayer = Literal[
    "server", "threads", "framework", "validation", "orm", "driver", "json", "service",
    "interpreter",
]  # fmt: skip
"""Whose code a sample of a profile is in."""


class _RungTable(_StrictModel):
    serve: Command | None = None
    environment: Mapping[str, str] = {}


class _AdviceTable(_StrictModel):
    does: str
    where: Annotated[tuple[str, ...], Field(min_length=1)]


class _ExplainTable(_StrictModel):
    server: Name
    threads: RungName | None = None
    rungs: Mapping[RungName, _RungTable] = {}
    tuned: Mapping[LadderLayer, _AdviceTable] = {}
    packages: Mapping[str, ProfileLayer] = {}

    @model_validator(mode="after")
    def _threads_are_a_rungs(self) -> "_ExplainTable":
        if self.threads is not None and self.threads not in self.rungs:
            raise ValueError(f"threads names the rung {self.threads!r}, which is not there")
        return self


class _ServiceFile(_StrictModel):
    name: Name
    label: str
    database: _DatabaseTable
    commands: _CommandsTable = _CommandsTable()
    versions: _VersionsTable = _VersionsTable()
    settings: Mapping[SettingName, str] = {}
    explain: _ExplainTable | None = None
    targets: Annotated[Mapping[Name, _TargetTable], Field(min_length=1)]

    @field_validator("name")
    @classmethod
    def _is_not_taken(cls, name: str) -> str:
        """Units of apps are called after their targets, and some names mean something else."""
        if name in _TAKEN or name.startswith("postgres-"):
            raise ValueError(f"the name {name!r} is taken")
        return name

    @model_validator(mode="after")
    def _targets_are_its_own(self) -> "_ServiceFile":
        for name, target in self.targets.items():
            if name != self.name and not name.startswith(f"{self.name}-"):
                raise ValueError(
                    f"[targets.{name}] is neither {self.name!r} nor begins with {self.name + '-'!r}"
                )
            if not (target.serve or self.commands.serve):
                raise ValueError(f"nothing says how to serve {name}: neither it nor [commands]")
        return self


def read_targets(path: Path, *, former: bool = False) -> tuple[Target, ...]:
    """The targets that one `service.toml` describes, in its order; `former` takes the form that it
    had before there were modes, too.

    Raises SetupError when the file is not what the lab understands.
    """
    service = _read(path, former=former)
    if service.name != path.parent.name:
        raise SetupError(
            f"{path} names {service.name!r}, but its folder is {path.parent.name!r}",
            "Give the folder and the service the same name.",
        )
    return tuple(_target(service, name, path.parent) for name in service.targets)


def _in_todays_form(data: dict[str, Any]) -> dict[str, Any]:
    """There was one service for each framework, which is what is called tuned now."""
    if "targets" in data or "http" not in data:
        return data
    own = {"mode": "tuned", "contract": "core", "port": data["http"].get("port")}
    others = {name: value for name, value in data.items() if name != "http"}
    return {**others, "targets": {f"{data.get('name')}-tuned": own}}


def _read(path: Path, *, former: bool = False) -> _ServiceFile:
    try:
        data = tomllib.loads(path.read_text())
        return _ServiceFile.model_validate(_in_todays_form(data) if former else data)
    except (ValidationError, ValueError) as error:
        raise SetupError(
            f"{path} is not a service description: {error}",
            "CONTRIBUTING.md says what stands in it; those of the other services are examples.",
        ) from error


@dataclass(frozen=True)
class Explanation:
    """What `make explain` is told of a framework by its service.toml.

    `server` is the engine whose ping is the server alone. `rungs` are targets of its own, like its
    standard one but for what is below a handler; that of `threads` answers its probes in a thread.
    `packages` adds to what the lab knows of whose code a package is.
    """

    server: str
    rungs: Mapping[RungName, Target]
    threads: RungName | None
    advice: tuple[Advice, ...]
    packages: Mapping[str, ProfileLayer]


def explanation_of(standard: Target) -> Explanation | None:
    """What stands in the service.toml of this target; None where it says nothing of the kind.

    Its rungs have no ports yet. Raises SetupError as `read_targets` does.
    """
    explain = _read(standard.directory / "service.toml").explain
    if explain is None:
        return None
    rungs = {
        name: replace(
            standard,
            name=f"{standard.name}-{name}",
            declared_as=standard.name,
            database_name=f"{standard.database_name}_{name}",
            serve=rung.serve or standard.serve,
            environment={**standard.environment, **rung.environment},
            compared_with=(),
        )
        for name, rung in explain.rungs.items()
    }
    advice = tuple(
        Advice(standard.framework, layer, told.does, told.where)
        for layer, told in explain.tuned.items()
    )
    return Explanation(explain.server, rungs, explain.threads, advice, explain.packages)


def _target(service: _ServiceFile, name: str, directory: Path) -> Target:
    own = service.targets[name]
    variant = name.removeprefix(service.name).replace("-", "_")
    return Target(
        name=name,
        label=own.label or service.label,
        framework=service.name,
        mode=own.mode,
        contract=own.contract,
        directory=directory,
        http_port=own.port,
        database_name=service.database.name + variant,
        database_port=service.database.port,
        migrate=own.migrate or service.commands.migrate or (),
        serve=own.serve or service.commands.serve or (),
        packages=(*service.versions.packages, *own.packages),
        environment=dict(own.environment),
        compared_with=own.compared_with,
        settings=dict(service.settings),
    )


def service_folders() -> tuple[Path, ...]:
    """Where frameworks are looked for: `services/`, and what ONECORE_SERVICES names.

    Raises UsageError when that names no folder.
    """
    named = filter(None, os.environ.get(MORE_SERVICES, "").split(os.pathsep))
    more = tuple(Path(text).absolute() for text in named)
    missing = [str(folder) for folder in more if not folder.is_dir()]
    if missing:
        raise UsageError(
            f"{MORE_SERVICES} names what is no folder: {', '.join(missing)}",
            "Name folders that hold frameworks, as services/ does, with colons between them.",
        )
    return (SERVICES, *more)


def known_targets(
    port_offset: int = 0, services: Path | Sequence[Path] | None = None
) -> tuple[Target, ...]:
    """All targets, by the ports of their databases and in the order of their files.

    `services` are the folders that hold frameworks (default: `service_folders()`). All ports are
    moved by `port_offset`. Raises UsageError when it moves one out of 1024..65535: the services'
    user may not listen below that. Raises SetupError when names or ports are not unique.
    """
    folders = service_folders() if services is None else services
    folders = (folders,) if isinstance(folders, Path) else folders
    files = sorted(path for folder in folders for path in folder.glob("*/service.toml"))
    found = [target for path in files for target in read_targets(path)]
    # Stable: a framework's targets stay in the order of its file.
    targets = sorted(found, key=lambda target: target.database_port)
    _require_unique(targets)
    _require_usable_ports(targets, port_offset)
    return tuple(
        replace(
            target,
            http_port=target.http_port + port_offset,
            database_port=target.database_port + port_offset,
        )
        for target in targets
    )


def _require_unique(targets: Sequence[Target]) -> None:
    """Raises SetupError when two targets, databases or servers are taken for one."""
    names = _repeated(target.name for target in targets)
    if names:
        raise SetupError(f"two services share the name {names[0]!r}", "Mend their service.toml.")
    instances = {(target.directory, target.database_port) for target in targets}
    ports = [*(target.http_port for target in targets), *(port for _, port in instances)]
    if _repeated(ports):
        raise SetupError(
            f"two servers share a port: {', '.join(map(str, _repeated(ports)))}",
            "Mend their service.toml.",
        )
    unknown = sorted({other for target in targets for other in target.compared_with})
    unknown = [name for name in unknown if name not in {target.name for target in targets}]
    if unknown:
        raise SetupError(
            f"compared_with names {', '.join(unknown)}, which is no target",
            "Mend service.toml, or add that target.",
        )


def _repeated[T](values: Iterable[T]) -> list[T]:
    return [value for value, count in Counter(values).items() if count > 1]


def _require_usable_ports(targets: Sequence[Target], offset: int) -> None:
    ports = [port for target in targets for port in (target.http_port, target.database_port)]
    if any(port + offset not in UNPRIVILEGED_PORTS for port in ports):
        lowest, highest = min(ports), max(ports)
        raise UsageError(
            f"PORT_OFFSET={offset} moves a port out of 1024..65535",
            f"The ports are {lowest} to {highest}; "
            f"choose an offset from {1024 - lowest} to {65535 - highest}.",
        )


def select_targets[T: (Target, TargetRecord)](
    targets: Sequence[T], names: Sequence[str]
) -> tuple[T, ...]:
    """The named targets, in registry order; all of them when no name is given.

    Raises UsageError on an unknown name, listing the known ones.
    """
    known = {target.name: target for target in targets}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(
            f"unknown framework {', '.join(map(repr, unknown))}",
            f"Known frameworks: {', '.join(known)}.",
        )
    return tuple(target for target in targets if not names or target.name in names)


def default_targets(targets: Sequence[Target]) -> tuple[Target, ...]:
    """What is meant where nobody chooses: of each framework the target that is named like it.

    An engine is a floor to compare with: who wants it names it. All where nothing else is there.
    """
    found = [
        target for target in targets if target.name == target.framework and target.mode != "engine"
    ]
    return tuple(found or targets)


def choose_targets(
    targets: Sequence[Target], names: Sequence[str], mode: str = ""
) -> tuple[Target, ...]:
    """What FRAMEWORK= and MODE= ask for, in registry order; the default where both are empty.

    Raises UsageError as `narrow` does.
    """
    return narrow(targets, names, mode) if names or mode else default_targets(targets)


def narrow[T: (Target, TargetRecord)](
    targets: Sequence[T], names: Sequence[str], mode: str = ""
) -> tuple[T, ...]:
    """Of these targets those that are named and of this mode; all where neither is said.

    `all` is a name for all of them. Raises UsageError on an unknown name or mode, on a mode that
    no target has, and where a named target has another mode than `mode`.
    """
    chosen = select_targets(targets, () if ALL in names else names)
    if not mode:
        return chosen
    if mode not in get_args(Mode):
        known = ", ".join(get_args(Mode))
        raise UsageError(f"there is no mode {mode!r}", f"Known modes: {known}.")
    others = [target for target in chosen if target.mode != mode]
    if names and ALL not in names and others:
        told = ", ".join(f"{target.name} is {target.mode}" for target in others)
        raise UsageError(
            f"FRAMEWORK={','.join(names)} and MODE={mode} exclude each other: {told}",
            "Leave one of the two out; `unset` what your shell exports.",
        )
    of_mode = tuple(target for target in chosen if target.mode == mode)
    if not of_mode:
        told = ", ".join(f"{target.name} ({target.mode})" for target in targets)
        raise UsageError(f"no target is {mode} here", f"There are: {told}.")
    return of_mode
