"""Which targets are compared with which."""

import pytest

from bench.model import TargetRecord
from bench.pairs import pairs


def target(name: str, mode: str = "standard", *compared_with: str) -> TargetRecord:
    framework = name.partition("-")[0]
    return TargetRecord(name, name, framework, mode, "core", compared_with)  # type: ignore[arg-type]


A, A_ASYNC, A_TUNED = target("a"), target("a-async"), target("a-tuned", "tuned")
B, B_TUNED = target("b"), target("b-tuned", "tuned")
BARE, RAW = target("bare", "engine"), target("raw", "engine", "b-tuned")


def compared(*targets: TargetRecord) -> list[str]:
    return [f"{subject.name}/{reference.name}" for subject, reference in pairs(targets)]


@pytest.mark.parametrize(
    ("targets", "found"),
    [
        ((), []),
        ((A,), []),
        ((A, B), ["a/b"]),
        ((A, A_ASYNC), ["a-async/a"]),
        ((A_TUNED, A), ["a-tuned/a"]),
        ((A, A_TUNED, B, B_TUNED), ["a-tuned/a", "a/b", "a-tuned/b-tuned", "b-tuned/b"]),
        ((A, A_ASYNC, B), ["a-async/a", "a/b", "a-async/b"]),
        ((A, B, BARE), ["a/b"]),
        ((BARE, RAW, B, B_TUNED), ["bare/raw", "raw/b-tuned", "b-tuned/b"]),
        ((B_TUNED, A, RAW), ["raw/b-tuned"]),
    ],
    ids=lambda part: "-".join(item.name for item in part if isinstance(item, TargetRecord)),
)
def test_only_pairs_that_mean_something(
    targets: tuple[TargetRecord, ...], found: list[str]
) -> None:
    """The framework differs, or the way it is used, or a service.toml asks: never both at once."""
    assert compared(*targets) == found


@pytest.mark.parametrize("targets", [(A, B_TUNED), (A_ASYNC, A_TUNED), (BARE, A)])
def test_two_targets_alone_are_compared(targets: tuple[TargetRecord, ...]) -> None:
    """Who measures just two asks how they compare, whatever they are."""
    (first, second) = targets
    assert compared(first, second) == [f"{first.name}/{second.name}"]
    assert compared(first, second, target("z", "engine")) in ([], ["bare/z"])


def test_every_pair_stands_once() -> None:
    """Nobody is compared with itself, nor with another twice."""
    everyone = (A, A_ASYNC, A_TUNED, B, B_TUNED, BARE, RAW)
    found = [frozenset((first.name, other.name)) for first, other in pairs(everyone)]
    assert len(found) == len(set(found))
    assert all(len(pair) == 2 for pair in found)
