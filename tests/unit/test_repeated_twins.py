"""Twins again and again: each run is judged on its own, and by the rule of any run."""

from types import SimpleNamespace

from bench.analysis.measures import COST, RATE
from bench.experiment.selftest.repeated import judged
from bench.report.lab import twin_words

from .factories import cell, load_result, plan, role_cost, window


def test_each_twin_is_judged_alone_by_both_measures() -> None:
    """An identical one differs by nothing, a slowed one by what was planted."""
    twins = SimpleNamespace(
        a=SimpleNamespace(name="a"), b=SimpleNamespace(name="b"), slow=SimpleNamespace(name="slow")
    )
    twins.in_order = (twins.b, twins.a, twins.slow)
    speed = {"a": 1000, "b": 1001, "slow": 900}
    cells = [
        cell(
            number,
            name,
            phases=(
                window(
                    load=load_result(succeeded=each + number, duration_s=1.0), app=role_cost(1.0)
                ),
            ),
        )
        for number in (1, 2, 3)
        for name, each in speed.items()
    ]
    found = list(judged(twins, plan(workloads=("read",)), cells, 7))  # type: ignore[arg-type]
    assert [
        (outcome.measure, outcome.verdict.subject, outcome.verdict.kind) for outcome in found
    ] == [
        (RATE, "b", "indistinguishable"),
        (RATE, "slow", "slower"),
        (COST, "b", "indistinguishable"),
        (COST, "slow", "slower"),
    ]
    last = found[-1]
    told = twin_words(last.number, last.measure, last.verdict)
    assert told.startswith("7: slow / a by app CPU/request 1.11 [")
    assert told.endswith("], dearer")
