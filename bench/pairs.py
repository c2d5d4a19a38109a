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


def _pair[T: (Target, TargetRecord)](first: T, other: T) -> tuple[T, T] | None:
    """The two as (subject, reference), if they are compared; `first` comes before `other`."""
    if first.name in other.compared_with:
        return other, first
    if other.name in first.compared_with:
        return first, other
    if first.framework != other.framework:
        return (first, other) if first.mode == other.mode else None
    if first.name == first.framework:
        return other, first
    return (first, other) if other.name == other.framework else None
