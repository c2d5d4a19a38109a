"""The registry of targets: every folder of `services/` with a `service.toml` is one."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bench.errors import SetupError, UsageError
from bench.model import Target

SERVICES = Path(__file__).resolve().parent.parent / "services"
UNPRIVILEGED_PORTS = range(1024, 65536)
Port = Annotated[int, Field(ge=1, le=65535)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Http(_Strict):
    port: Port


class _Database(_Strict):
    name: str
    port: Port


class _Commands(_Strict):
    migrate: tuple[str, ...]
    serve: tuple[str, ...]


class _Versions(_Strict):
    packages: tuple[str, ...]


class _ServiceFile(_Strict):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    label: str
    http: _Http
    database: _Database
    commands: _Commands
    versions: _Versions


def read_target(path: Path) -> Target:
    """The target that one `service.toml` describes.

    Raises SetupError when the file is not what the lab understands.
    """
    try:
        service = _ServiceFile.model_validate(tomllib.loads(path.read_text()))
    except (ValidationError, tomllib.TOMLDecodeError) as error:
        raise SetupError(f"{path} is not a service description: {error}") from error
    if service.name != path.parent.name:
        raise SetupError(
            f"{path} names {service.name!r}, but its folder is {path.parent.name!r}",
            "Give the folder and the service the same name.",
        )
    return Target(
        name=service.name,
        label=service.label,
        directory=path.parent,
        http_port=service.http.port,
        database_name=service.database.name,
        database_port=service.database.port,
        migrate=service.commands.migrate,
        serve=service.commands.serve,
        packages=service.versions.packages,
    )


def known_targets(port_offset: int = 0, services: Path = SERVICES) -> tuple[Target, ...]:
    """All targets in the order of their database ports, all ports moved by `port_offset`.

    Raises UsageError when the offset moves a port out of 1024..65535: the services' user may not
    listen below that. Raises SetupError when two targets share a port.
    """
    found = map(read_target, services.glob("*/service.toml"))
    targets = sorted(found, key=lambda target: target.database_port)
    moved = tuple(
        replace(
            target,
            http_port=target.http_port + port_offset,
            database_port=target.database_port + port_offset,
        )
        for target in targets
    )
    ports = [port for target in moved for port in (target.http_port, target.database_port)]
    if any(port not in UNPRIVILEGED_PORTS for port in ports):
        lowest, highest = min(ports) - port_offset, max(ports) - port_offset
        raise UsageError(
            f"PORT_OFFSET={port_offset} moves a port out of 1024..65535",
            f"The ports are {lowest} to {highest}; "
            f"choose an offset from {1024 - lowest} to {65535 - highest}.",
        )
    if len(set(ports)) != len(ports):
        raise SetupError(f"two services share a port: {sorted(ports)}", "Mend their service.toml.")
    return moved


def select_targets(targets: tuple[Target, ...], names: tuple[str, ...]) -> tuple[Target, ...]:
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
