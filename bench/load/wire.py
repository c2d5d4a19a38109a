"""What the lab and its generator process say to each other: one JSON object a line.

The lab commands, the generator answers every `EngineCommand` with exactly one `EngineReply`; while
a window runs, any number of `Tick`s come before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from bench.model import LoadResult, LoadSpec, Progress, Turn, WarmUp

# --- commands ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class AskWarmUp:
    spec: LoadSpec
    min_s: float
    max_s: float
    kind: Literal["warm_up"] = "warm_up"


@dataclass(frozen=True)
class AskPrepare:
    spec: LoadSpec
    kind: Literal["prepare"] = "prepare"


@dataclass(frozen=True)
class AskGo:
    kind: Literal["go"] = "go"


@dataclass(frozen=True)
class AskCollect:
    kind: Literal["collect"] = "collect"


@dataclass(frozen=True)
class AskPrepareTurns:
    """Several windows that take turns, by the target that each asks."""

    specs: Mapping[str, LoadSpec]
    kind: Literal["prepare_turns"] = "prepare_turns"


@dataclass(frozen=True)
class AskWarmUpTurns:
    """Warm up a target that was prepared."""

    target: str
    min_s: float
    max_s: float
    kind: Literal["warm_up_turns"] = "warm_up_turns"


@dataclass(frozen=True)
class AskBeginTurn:
    target: str
    kind: Literal["begin_turn"] = "begin_turn"


@dataclass(frozen=True)
class AskEndTurn:
    """What came between the two moments of the machine's monotonic clock is counted."""

    target: str
    from_s: float
    to_s: float
    kind: Literal["end_turn"] = "end_turn"


@dataclass(frozen=True)
class AskCollectTurns:
    kind: Literal["collect_turns"] = "collect_turns"


EngineCommand = (
    AskWarmUp
    | AskPrepare
    | AskGo
    | AskCollect
    | AskPrepareTurns
    | AskWarmUpTurns
    | AskBeginTurn
    | AskEndTurn
    | AskCollectTurns
)

# --- replies ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    kind: Literal["done"] = "done"


@dataclass(frozen=True)
class Tick:
    progress: Progress
    kind: Literal["tick"] = "tick"


@dataclass(frozen=True)
class Warmed:
    warm_up: WarmUp
    kind: Literal["warmed"] = "warmed"


@dataclass(frozen=True)
class Collected:
    result: LoadResult
    kind: Literal["collected"] = "collected"


@dataclass(frozen=True)
class TurnTaken:
    turn: Turn
    kind: Literal["turn_taken"] = "turn_taken"


@dataclass(frozen=True)
class TurnsCollected:
    results: Mapping[str, LoadResult]
    kind: Literal["turns_collected"] = "turns_collected"


@dataclass(frozen=True)
class Refused:
    """The command could not be carried out."""

    why: str
    kind: Literal["refused"] = "refused"


@dataclass(frozen=True)
class TooFast:
    """The rate was more than the generator can keep."""

    why: str
    kind: Literal["too fast"] = "too fast"


EngineReply = Done | Tick | Warmed | Collected | TurnTaken | TurnsCollected | Refused | TooFast

# --- lines ------------------------------------------------------------------------------------

# Made when they are needed, which is before the first window: most verbs send no load.


@cache
def _commands() -> TypeAdapter[EngineCommand]:
    return TypeAdapter(Annotated[EngineCommand, Field(discriminator="kind")])


@cache
def _replies() -> TypeAdapter[EngineReply]:
    return TypeAdapter(Annotated[EngineReply, Field(discriminator="kind")])


@cache
def _specs() -> TypeAdapter[LoadSpec]:
    return TypeAdapter(LoadSpec)


def encode_spec(spec: LoadSpec) -> bytes:
    """A load as JSON, for a command line."""
    return _specs().dump_json(spec)


def parse_spec(line: bytes) -> LoadSpec:
    """The load in such JSON. Raises ValueError when it is none."""
    return _specs().validate_json(line)


def encode_command(command: EngineCommand) -> bytes:
    """The line of a command."""
    return _commands().dump_json(command) + b"\n"


def parse_command(line: bytes) -> EngineCommand:
    """The command in a line. Raises ValueError when it is none."""
    return _commands().validate_json(line)


def encode_reply(reply: EngineReply) -> bytes:
    """The line of a reply."""
    return _replies().dump_json(reply) + b"\n"


def parse_reply(line: bytes) -> EngineReply:
    """The reply in a line. Raises ValueError when it is none."""
    return _replies().validate_json(line)
