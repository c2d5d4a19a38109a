"""Whether a profile tells the same as the ladder. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bench.analysis.explain import Explained, LayerCost
from bench.model import CpuProfile, Finding

TOLERANCE = 0.10
"""By how much of a request's cost the two may differ, beside what the samples leave open."""

FEWEST_SAMPLES = 100
_Z = 1.96

AgreementKind = Literal["agree", "undecided", "DISAGREE"]


@dataclass(frozen=True)
class Agreement:
    """A part of the cost as the ladder has it, and between what a profile would have it."""

    part: str
    ladder: float
    low: float
    high: float
    judgement: AgreementKind


_PARTS: Mapping[str, tuple[str, ...]] = {
    "server": ("server",),
    "framework": ("framework",),
    "handler and below": ("threads", "validation", "orm", "driver", "service"),
}
"""The layers of a profile that are surely a part of the ladder's; JSON and the interpreter are of
any, and what runs without Python's lock is of the server or of the driver."""


def agreements(found: Explained, profile: CpuProfile) -> tuple[Agreement, ...]:
    """Part by part; empty where a profile has too few samples to say anything."""
    if profile.samples < FEWEST_SAMPLES:
        return ()
    inside = 1 - profile.outside
    parts = dict(_PARTS)
    if all(layer.layer != "threads" for layer in found.layers):
        # Its threads are the server's own, which the server alone has as well.
        parts["server"] = ("server", "threads")
        parts["handler and below"] = tuple(
            layer for layer in parts["handler and below"] if layer != "threads"
        )
    of_any = inside * _share(profile, ("json", "interpreter"))
    return tuple(
        _judged(part, _ladder(found, part), profile, inside, layers, of_any)
        for part, layers in parts.items()
    )


def _judged(
    part: str,
    ladder: tuple[float, float, float],
    profile: CpuProfile,
    inside: float,
    layers: tuple[str, ...],
    of_any: float,
) -> Agreement:
    share = _share(profile, layers)
    slack = TOLERANCE + _Z * math.sqrt(share * (1 - share) / profile.samples)
    open_share = of_any + (0.0 if part == "framework" else profile.outside)
    low, high = inside * share - slack, inside * share + open_share + slack
    point, least, most = ladder
    judgement: AgreementKind = "agree"
    if not low <= point <= high:
        judgement = "undecided" if least <= high and most >= low else "DISAGREE"
    return Agreement(part, point, max(0.0, low), min(1.0, high), judgement)


def _share(profile: CpuProfile, layers: tuple[str, ...]) -> float:
    return sum(profile.layers.get(layer, 0) for layer in layers) / profile.samples


def _ladder(found: Explained, part: str) -> tuple[float, float, float]:
    """The ladder's share of a part, with the ends of its interval."""
    by_layer = {layer.layer: layer for layer in found.layers}
    if part in by_layer:
        return _ends(by_layer[part])
    server, framework = (_ends(by_layer[layer]) for layer in ("server", "framework"))
    point = 1 - server[0] - framework[0]
    half = sum((high - low) / 2 for _, low, high in (server, framework))
    return point, point - half, point + half


def _ends(layer: LayerCost) -> tuple[float, float, float]:
    share = layer.share
    return share.point, share.low, share.high


def finding_of(findings: tuple[Finding, ...], found: Explained) -> Finding | None:
    """What was seen inside the service of a ladder; None where nobody looked."""
    wanted = (found.ladder.framework, found.ladder.operation)
    return next(
        (finding for finding in findings if (finding.framework, finding.operation) == wanted), None
    )
