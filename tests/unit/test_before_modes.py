"""A run of version 1 is read as what it measured: the tuned services."""

from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.experiment.resumption import unfinished
from bench.store import SCHEMA_VERSION, RunStore
from tests.unit.factories import record

OLD = RunStore(Path(__file__).parent / "report" / "run-version-1")
TUNED = ("fastapi-tuned", "flask-tuned", "drf-tuned")


def test_its_targets_are_the_tuned_ones_wherever_they_stand() -> None:
    """In the plan, the cells and what the services said of themselves."""
    run, torn = OLD.read()
    assert (run.schema_version, torn) == (1, ())
    assert run.plan.targets == TUNED
    assert {cell.target for cell in run.cells} == set(TUNED)
    for part in ("services", "settings", "tables", "databases"):
        known = run.provenance.get(part)
        assert known is None or set(known) == set(TUNED), part  # type: ignore[call-overload]
    assert set(run.provenance["services"]) == set(TUNED)  # type: ignore[call-overload]


def test_they_have_their_framework_mode_and_level() -> None:
    """So that they are shown and compared as what they are."""
    run, _ = OLD.read()
    told = [
        (target.name, target.label, target.framework, target.mode, target.contract)
        for target in run.targets
    ]
    assert told == [
        ("fastapi-tuned", "FastAPI", "fastapi", "tuned", "strict"),
        ("flask-tuned", "Flask", "flask", "tuned", "strict"),
        ("drf-tuned", "Django REST Framework", "drf", "tuned", "strict"),
    ]


def test_its_samples_are_found_under_todays_names() -> None:
    """Apps have another name; databases are their framework's, then as now."""
    samples, torn = OLD.read_samples()
    assert torn == ()
    assert {sample.unit for sample in samples} == {
        "generator",
        *(f"onecore-{name}" for name in TUNED),
        *(f"onecore-postgres-{name}" for name in ("fastapi", "flask", "drf")),
    }


def test_it_cannot_be_resumed(tmp_path: Path) -> None:
    """Its cells have other names than those that would be added."""
    store = RunStore(tmp_path / "20261122-100000")
    store.create()
    store.write_record(record(schema_version=1, state="interrupted"))
    with pytest.raises(UsageError, match="version 1") as caught:
        unfinished(store)
    assert "make a new run" in caught.value.remedy
    store.write_record(record(schema_version=SCHEMA_VERSION, state="interrupted"))
    assert unfinished(store)[0].state == "interrupted"
