"""Section 4 of the guide: booted with `nohz_full=` and `rcu_nocbs=` beside `isolcpus=`."""

import json

from tests.machine.guest import LAB, call


def test_a_core_without_a_tick_is_doubted() -> None:
    """Before anything is measured."""
    call("id onecore || useradd --system --no-create-home onecore")
    call(f"git config --global --add safe.directory {LAB}")
    assert "without the scheduler's tick" in call("make doctor")


def test_a_run_says_so() -> None:
    """In its record; and what its app used of its core is known all the same."""
    call("make bench FRAMEWORK=fastapi WORKLOAD=read ROUNDS=1")
    (run,) = (path.parent for path in (LAB / "results").glob("*/run.json"))
    record = json.loads((run / "run.json").read_text())
    assert "host-tick" in {each["code"] for each in record["diagnostics"]}
    (cell,) = map(json.loads, (run / "rounds.jsonl").read_text().splitlines())
    assert not cell.get("unfit")
    call("make down")
