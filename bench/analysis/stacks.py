"""Stacks of a sampling profiler: whose code each ended in. Pure.

A stack is the frames of one sample, from the outermost. It belongs to the layer of its innermost
frame that is somebody's: what the standard library does for a framework is the framework's time.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.model import HotFunction

LAYERS: Mapping[str, str] = {
    "server": "server",
    "threads": "threads",
    "framework": "framework",
    "validation": "validation and serializers",
    "orm": "ORM and database layer",
    "driver": "driver",
    "json": "JSON",
    "service": "the service's own code",
    "interpreter": "interpreter",
}
"""The layers of a profile by key, with their titles."""

PACKAGES: Mapping[str, str] = {
    **dict.fromkeys(
        ("gunicorn", "uvicorn", "uvloop", "httptools", "h11", "asyncio", "selectors.py"), "server"
    ),
    **dict.fromkeys(
        (
            *("anyio", "starlette/concurrency.py", "fastapi/concurrency.py"),
            "concurrent/futures/thread.py",
        ),
        "threads",
    ),
    **dict.fromkeys(
        (
            *("starlette", "fastapi", "flask", "werkzeug", "blinker", "itsdangerous"),
            *("django", "rest_framework", "asgiref", "whitenoise"),
        ),
        "framework",
    ),
    **dict.fromkeys(
        (
            *("pydantic", "fastapi/_compat", "fastapi/encoders.py", "marshmallow"),
            *("rest_framework/serializers.py", "rest_framework/fields.py"),
            *("rest_framework/validators.py", "rest_framework/relations.py"),
            *("rest_framework/utils/model_meta.py", "rest_framework/utils/field_mapping.py"),
            *("rest_framework/utils/serializer_helpers.py", "rest_framework/generics.py"),
            *("rest_framework/mixins.py", "rest_framework/pagination.py"),
        ),
        "validation",
    ),
    **dict.fromkeys(("sqlalchemy", "flask_sqlalchemy", "django/db"), "orm"),
    **dict.fromkeys(
        (
            *("psycopg2", "asyncpg"),
            # C code leaves no frame: what it does for these shows as theirs.
            "sqlalchemy/engine/default.py:DefaultDialect.do_execute",
            "sqlalchemy/engine/default.py:DefaultDialect.do_rollback",
            "sqlalchemy/engine/default.py:DefaultDialect.do_commit",
            "sqlalchemy/dialects/postgresql/_psycopg_common.py:_PGDialect_common_psycopg.do_ping",
            "django/db/backends/utils.py:CursorWrapper._execute",
            "django/db/backends/postgresql/base.py:DatabaseWrapper.is_usable",
        ),
        "driver",
    ),
    **dict.fromkeys(
        (
            *("json", "orjson", "flask/json", "rest_framework/renderers.py"),
            *("rest_framework/parsers.py", "rest_framework/utils/encoders.py"),
        ),
        "json",
    ),
}
"""Whose code a package, a file in it or a single function is. The longest that fits decides."""

_FRAME = re.compile(r"(?P<function>.*) \((?P<path>.*?)(:(?P<line>\d+))?\)")
_INSTALLED = re.compile(
    r".*/(?:site|dist)-packages/|.*/lib/python3\.\d+/(?!(?:site|dist)-packages/)"
)
_HOTTEST = 10
_OWN = "./"
"""Before the place of what is the service's own, in stored stacks."""


@dataclass(frozen=True)
class Frame:
    """A function of a stack; `place` is its file as an import would find it."""

    function: str
    place: str
    own: bool = False
    """Whether it is the measured service's own."""


Stacks = Mapping[tuple[Frame, ...], int]
"""How often each stack was seen."""


def parse(text: str, service: str = ".") -> Stacks:
    """The stacks of a profiler's text, or of `folded`; `service` is the folder of its own code."""
    stacks = Counter[tuple[Frame, ...]]()
    for line in text.splitlines():
        frames, _, count = line.rpartition(" ")
        if frames and count.isdigit():
            stacks[tuple(_frame(frame, service) for frame in frames.split(";"))] += int(count)
    return stacks


def _frame(text: str, service: str) -> Frame:
    found = _FRAME.fullmatch(text)
    if found is None:
        return Frame(text, "")
    path = found["path"].removeprefix("<frozen ").removesuffix(">")
    for own in (f"{service}/", _OWN):
        if path.startswith(own):
            return Frame(found["function"], path.removeprefix(own), own=True)
    return Frame(found["function"], _INSTALLED.sub("", path))


def layer_of(stack: Sequence[Frame], packages: Mapping[str, str] = PACKAGES) -> str:
    """The layer of the innermost frame that has one, whose time it is; else "interpreter"."""
    return next(
        (layer for frame in reversed(stack) if (layer := _layer_of_frame(frame, packages))),
        "interpreter",
    )


def _layer_of_frame(frame: Frame, packages: Mapping[str, str]) -> str:
    if frame.own:
        return "service"
    names = [f"{frame.place}:{frame.function}", frame.place]
    parts = frame.place.split("/")
    names += ["/".join(parts[:count]) for count in range(len(parts) - 1, 0, -1)]
    names.append(frame.place.partition(".")[0])  # a module that is no package
    return next((packages[name] for name in names if name in packages), "")


def by_layer(stacks: Stacks, packages: Mapping[str, str] = PACKAGES) -> dict[str, int]:
    """Samples by layer, in the layers' order."""
    counts = Counter[str]()
    for stack, count in stacks.items():
        counts[layer_of(stack, packages)] += count
    return {layer: counts[layer] for layer in LAYERS if counts[layer]}


def hottest(stacks: Stacks, packages: Mapping[str, str] = PACKAGES) -> tuple[HotFunction, ...]:
    """The functions in which most samples ended."""
    ended = Counter[tuple[Frame, str]]()
    for stack, count in stacks.items():
        if stack:
            ended[stack[-1], layer_of(stack, packages)] += count
    return tuple(
        HotFunction(frame.function, frame.place, layer, count)
        for (frame, layer), count in ended.most_common(_HOTTEST)
    )


def folded(stacks: Stacks) -> str:
    """The stacks as text, a line each, with places as an import would find them."""
    return "".join(
        f"{';'.join(_told(frame) for frame in stack)} {count}\n"
        for stack, count in sorted(stacks.items(), key=lambda pair: -pair[1])
    )


def _told(frame: Frame) -> str:
    place = f"{_OWN}{frame.place}" if frame.own else frame.place
    return f"{frame.function} ({place})" if place else frame.function


def speedscope(stacks: Stacks, name: str) -> dict[str, object]:
    """The stacks in the form that https://www.speedscope.app opens."""
    frames: dict[Frame, int] = {}
    samples = [[frames.setdefault(frame, len(frames)) for frame in stack] for stack in stacks]
    weights = list(stacks.values())
    return {
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "shared": {"frames": [{"name": frame.function, "file": frame.place} for frame in frames]},
        "profiles": [
            {
                "type": "sampled",
                "name": name,
                "unit": "none",
                "startValue": 0,
                "endValue": sum(weights),
                "samples": samples,
                "weights": weights,
            }
        ],
    }


def tree_of(
    stacks: Iterable[tuple[Sequence[Frame], int]], packages: Mapping[str, str] = PACKAGES
) -> list[list[Any]]:
    """The stacks as nested [name, samples, layer, children]: what a flame graph is drawn from."""
    root: dict[str, list[Any]] = {}
    for stack, count in stacks:
        children = root
        for depth, frame in enumerate(stack):
            layer = layer_of(stack[: depth + 1], packages)
            node = children.setdefault(_told(frame), [0, layer, {}])
            node[0] += count
            children = node[2]
    return _listed(root)


def _listed(children: Mapping[str, list[Any]]) -> list[list[Any]]:
    listed = [
        [name, samples, layer, _listed(below)] for name, (samples, layer, below) in children.items()
    ]
    return sorted(listed, key=lambda pair: -pair[1])
