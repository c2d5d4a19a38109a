"""Ratios in turns against ratios in windows."""

import pytest

from bench.analysis.bias import WAYS, biases
from bench.report.lab import bias_table

from ..factories import THREE, cell, load_result, role_cost, window


def test_what_both_ways_share_is_no_bias() -> None:
    """A target that is twice as fast either way has none; a tenth dearer in turns is a tenth."""
    flask, drf = (known for known in THREE if known.name in ("flask", "drf"))
    drift = {1: 1.0, 2: 1.7, 3: 0.6}  # of the machine, from repetition to repetition

    def measured(way: str, number: int, target: str) -> object:
        speed = drift[number] * (2.0 if target == "flask" else 1.0)
        cost = 1.1 if (way, target) == ("turns", "flask") else 1.0
        load = load_result(succeeded=round(1000 * speed), duration_s=1.0)
        return cell(number, target, phases=(window(load=load, app=role_cost(cost * speed)),))

    cells = [
        (way, measured(way, number, target))
        for way in WAYS
        for number in drift
        for target in ("flask", "drf")
    ]
    rate, cost = biases((flask, drf), cells)  # type: ignore[arg-type]
    assert (rate.metric.name, cost.metric.name) == ("rate", "app_cost")
    assert rate.in_turns.point == pytest.approx(2.0)
    assert rate.bias.point == pytest.approx(1.0)
    assert cost.bias.point == pytest.approx(1.1)
    assert cost.bias.n == 3
    assert bias_table([rate]).rows[0][-1] == "1.00 [1.00, 1.00]"
