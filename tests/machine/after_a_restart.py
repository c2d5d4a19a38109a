"""A run that was killed before the machine was started again: `make bench RESUME=` finishes it."""

import json

from tests.machine.guest import LAB, call


def test_a_run_goes_on_after_a_restart() -> None:
    """Nothing of the machine's has changed but what a restart changes by itself."""
    call("id onecore || useradd --system --no-create-home onecore")
    call(f"git config --global --add safe.directory {LAB}")
    (record,) = (
        path
        for path in (LAB / "results").glob("*/run.json")
        if json.loads(path.read_text())["state"] == "running"
    )
    run = record.parent
    kept = (run / "rounds.jsonl").read_text().splitlines()
    assert kept
    call(f"make bench RESUME={run.name}")
    assert json.loads(record.read_text())["state"] == "complete"
    cells = (run / "rounds.jsonl").read_text().splitlines()
    assert cells[: len(kept)] == kept
    assert [json.loads(cell)["round"] for cell in cells] == [1, 2, 3]
