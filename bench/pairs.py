"""Which targets are compared: the pairs that mean something, and no others."""

from collections.abc import Sequence
from itertools import combinations

from bench.model import Target, TargetRecord


def pairs[T: (Target, TargetRecord)](targets: Sequence[T]) -> tuple[tuple[T, T], ...]:
    """The comparisons that mean something, as (subject, reference), in the order of `targets`.

    - Targets of one mode and of different frameworks: the framework is what differs.
    - A framework's other targets with the one that is named like it: the way it is used differs.
    - A target with those that its `compared_with` names.
    - Two targets that are alone: who measures just two asks how they compare.
    """
    found = (_pair(first, other) for first, other in combinations(targets, 2))
    meant = tuple(pair for pair in found if pair)
    if not meant and len(targets) == 2:
        one, other = targets
        return ((one, other),)
    return meant


def _pair[T: (Target, TargetRecord)](one: T, other: T) -> tuple[T, T] | None:
    """The two as (subject, reference), if they are compared; `one` comes before `other`."""
    if one.name in other.compared_with:
        return other, one
    if other.name in one.compared_with:
        return one, other
    if one.framework != other.framework:
        return (one, other) if one.mode == other.mode else None
    if one.name == one.framework:
        return other, one
    return (one, other) if other.name == other.framework else None
