"""services/openapi.yaml, as a whole and as each level reads it."""

from typing import Any

import yaml

from bench.targets import SERVICES

from .levels import STRICT, Level

CONTRACT: dict[str, Any] = yaml.safe_load((SERVICES / "openapi.yaml").read_text())
VERBS = {"get", "head", "post", "put", "delete", "patch", "options", "trace"}


def resolved(node: Any) -> Any:
    """The node, or what its $ref points at, with every $ref inside resolved as well."""
    if isinstance(node, list):
        return [resolved(part) for part in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target: Any = CONTRACT
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return resolved(target) | {
            key: resolved(value) for key, value in node.items() if key != "$ref"
        }
    return {key: resolved(value) for key, value in node.items()}


def without_strict(node: Any) -> Any:
    """The resolved node without what only the strict level promises."""
    if isinstance(node, list):
        return [without_strict(part) for part in node if not _is_strict(part)]
    if not isinstance(node, dict):
        return node
    return {key: without_strict(part) for key, part in node.items() if not _is_strict(part)}


def _is_strict(node: Any) -> bool:
    return isinstance(node, dict) and node.get("x-level") == STRICT


WHOLE = resolved(CONTRACT)
CORE_ONLY = without_strict(WHOLE)


def contract_of(level: Level) -> dict[str, Any]:
    """All that a target of this level promises, with every $ref resolved."""
    whole: dict[str, Any] = WHOLE if level == STRICT else CORE_ONLY
    return whole
