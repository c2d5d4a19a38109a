"""A cost of known size in one layer shows in that layer, in the ladder and in the profile.

It is CPU time by the thread's own clock, and several times what all else takes: whatever the
machine does meanwhile, no other layer comes near it.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bench.analysis.explain import explained
from bench.store import RunStore

from .conftest import ROOT, Cli

PLANTED_US = 5000
PLANT = f"""

def _burn(self, instance, _usual=ItemSerializer.to_representation):
    import time

    until = time.thread_time() + {PLANTED_US} / 1e6
    while time.thread_time() < until:
        pass
    return _usual(self, instance)


ItemSerializer.to_representation = _burn
"""


SHORTER = {"PLAIN_S = 3.0": "PLAIN_S = 1.0", "PROFILED_S = 6.0": "PROFILED_S = 2.0"}
"""How long the copy's lab looks inside: a cost of this size is seen soon."""


def with_shorter_looks(text: str) -> str:
    for usual, shorter in SHORTER.items():
        assert usual in text
        text = text.replace(usual, shorter)
    return text


def test_a_planted_cost_shows_in_its_layer_and_in_no_other(cli: Cli, public_folder: Path) -> None:
    """A serializer that burns: the layer of serializers has it whole, and no other has half."""
    root = public_folder / "planted"
    for part in ("bench", "services"):  # as compiled as they are
        shutil.copytree(ROOT / part, root / part)
    serializers = root / "services/drf/items/standard/serializers.py"
    serializers.write_text(serializers.read_text() + PLANT)
    inside = root / "bench/experiment/inside.py"
    inside.write_text(with_shorter_looks(inside.read_text()))
    replace(cli, root=root).run("explain", FRAMEWORK="drf", WORKLOAD="read", ROUNDS="2")
    (folder,) = cli.runs()
    record, _ = RunStore(folder).read()
    (found,) = explained(record)
    costs = {layer.layer: layer.cost_us.point for layer in found.layers}
    assert costs.pop("serializers") > PLANTED_US
    assert all(cost < PLANTED_US / 2 for cost in costs.values()), costs
    (seen,) = json.loads((folder / "findings.json").read_text())
    assert seen["failure"] == ""
    if seen["profile"] is None:
        pytest.skip(f"without a profile: {seen['no_profile']}")
    layers = seen["profile"]["layers"]
    assert layers["service"] > seen["profile"]["samples"] / 2, layers
    page = folder / "profiles" / "drf-read.html"
    assert "_burn" in page.read_text()
    for path in (page, folder / "report.html"):
        assert path.stat().st_size < 2_000_000
