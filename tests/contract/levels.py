"""The two levels of the contract, and which target claims which.

`services/openapi.yaml` tells what each level promises. A target declares its own in the
`service.toml` of its folder.
"""

from bench.model import Contract
from bench.targets import known_targets

Level = Contract
CORE: Level = "core"
STRICT: Level = "strict"


def level_named(name: str) -> Level:
    """The level of this name. Raises KeyError for any other."""
    return {"core": CORE, "strict": STRICT}[name]


def claimed() -> dict[str, Level]:
    """Every target of this repository, with the level that it claims."""
    return {target.name: target.contract for target in known_targets()}
