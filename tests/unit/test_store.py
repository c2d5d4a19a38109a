"""Runs on disk: what was measured comes back as it was, and damage is told."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from bench.errors import StoreError, UsageError
from bench.model import AB, METHOD, OpenLoop, Sample, Turns
from bench.store import RunStore, find_run, new_run_id, schemas, unreadable_words

from .factories import cell, plan, record


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    made = RunStore(tmp_path / "20261122-100000")
    made.create()
    return made


def test_a_record_comes_back_equal(store: RunStore) -> None:
    """Writing and reading lose nothing: pacing, histograms, warnings, provenance."""
    cells = (cell(1, "flask"), cell(1, "drf", unfit="it answers 500", phases=()))
    written = record(cells=cells)
    store.write_record(written)
    for result in cells:
        store.append_cells((result,))
    assert store.read() == (written, ())


def test_what_is_written_is_valid_by_the_schemas(store: RunStore) -> None:
    """run.json and every line of rounds.jsonl are what the published schemas describe."""
    told = {name: json.loads(text) for name, text in schemas().items()}
    store.write_record(record())
    store.append_cells((cell(),))
    stored = json.loads(store.record.read_text())
    jsonschema.validate(stored, told["run.schema.json"])
    for line in store.rounds.read_text().splitlines():
        jsonschema.validate(json.loads(line), told["cell.schema.json"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**stored, "plan": {}}, told["run.schema.json"])


def test_cells_are_on_disk_as_soon_as_they_are_added(store: RunStore) -> None:
    """Another reader sees each cell at once: a kill loses only what is under way."""
    store.write_record(record(state="running"))
    for number in (1, 2, 3):
        store.append_cells((cell(number),))
        read, _ = RunStore(store.directory).read()
        assert [result.round for result in read.cells] == list(range(1, number + 1))


def test_a_torn_last_line_is_told_and_left_out(store: RunStore) -> None:
    """Half a line costs that cell and no other."""
    store.write_record(record())
    store.append_cells((cell(1),))
    store.append_cells((cell(2),))
    whole = store.rounds.read_bytes()
    store.rounds.write_bytes(whole[:-40])
    read, torn = store.read()
    assert [result.round for result in read.cells] == [1]
    assert [line.line for line in torn] == [2]


def test_going_on_after_a_torn_line_harms_nothing(store: RunStore) -> None:
    """The next cell starts a line of its own, and the torn one stays told."""
    store.write_record(record())
    store.append_cells((cell(1),))
    with store.rounds.open("ab") as file:
        file.write(b'{"round": 2, "tar')
    store.append_cells((cell(2),))
    read, torn = store.read()
    assert [result.round for result in read.cells] == [1, 2]
    assert [line.line for line in torn] == [2]


def test_a_refused_rate_is_known_where_a_lab_stored_words_alone(store: RunStore) -> None:
    """Runs of before say so at the beginning of `unfit`; a target that failed is none of these."""
    store.write_record(record())
    store.append_cells(
        (
            cell(1, "flask", phases=(), unfit="the load generator refused this rate: 2 s behind"),
            cell(1, "drf", phases=(), unfit="it answered 500"),
        )
    )
    lines = [json.loads(line) for line in store.rounds.read_text().splitlines()]
    for line in lines:
        del line["refused"]
    store.rounds.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert [(result.target, result.refused) for result in store.read()[0].cells] == [
        ("flask", True),
        ("drf", False),
    ]


def test_an_unknown_version_is_refused(store: RunStore) -> None:
    """A run of another schema is named, not misread."""
    store.write_record(record(schema_version=99))
    with pytest.raises(StoreError, match="schema version 99"):
        store.read()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "is torn, or no JSON"),
        (b'{"schema_version": 1, "run_id": "2026', "is torn, or no JSON"),
        (b"\xff\xfe\x00", "is torn, or no JSON"),
        (b"[" * 100_000, "is torn, or no JSON"),
        (b"[]", "holds no JSON object"),
        (b"{}", "schema version None"),
        (b'{"schema_version": 1}', "run_id: Field required, and 7 more faults"),
    ],
)
def test_a_damaged_record_is_told(store: RunStore, text: bytes, words: str) -> None:
    """An empty, torn or foreign run.json is one sentence that names the file, with a remedy."""
    store.record.write_bytes(text)
    with pytest.raises(StoreError, match=words) as told:
        store.read()
    assert "run.json" in told.value.message
    assert "\n" not in told.value.message
    assert told.value.remedy


@pytest.mark.parametrize("name", ["run.json", "rounds.jsonl", "samples.jsonl"])
def test_a_folder_in_place_of_a_file_is_told(store: RunStore, name: str) -> None:
    """What cannot be read at all is told with a remedy, whichever file of the run it is."""
    if name != "run.json":
        store.write_record(record())
    (store.directory / name).mkdir()

    def read() -> None:
        store.read()
        store.read_samples()

    with pytest.raises(StoreError, match=f"cannot read .*{name}: Is a directory") as told:
        read()
    assert "RUN=<run-id>" in told.value.remedy


def test_the_folder_names_the_run(tmp_path: Path, store: RunStore) -> None:
    """A copied run is another run: what is written for it goes into its own folder."""
    store.write_record(record())
    copied = store.directory.rename(tmp_path / "before-the-upgrade")
    read, _ = RunStore(copied).read()
    assert read.run_id == "before-the-upgrade"


def test_a_full_disk_is_told_with_the_remedy(store: RunStore) -> None:
    """ENOSPC names the file, and says how to go on: as far as there is anything to go on from."""
    store.rounds.symlink_to("/dev/full")
    with pytest.raises(StoreError, match="No space left") as caught:
        store.append_cells((cell(),))
    assert "RESUME" not in caught.value.remedy
    store.write_record(record())
    with pytest.raises(StoreError, match="No space left") as caught:
        store.append_cells((cell(),))
    assert "RESUME=20261122-100000" in caught.value.remedy
    store.write_record(record(plan=replace(plan(), study=AB((), (8,)))))
    with pytest.raises(StoreError, match="No space left") as caught:
        store.append_cells((cell(),))
    assert "make it again" in caught.value.remedy


def test_a_run_of_which_nothing_is_on_disk_leaves_no_folder(store: RunStore) -> None:
    """One that has something stays."""
    store.discard()
    assert not store.directory.exists()
    store.create()
    store.write_record(record())
    store.discard()
    assert store.read_record().run_id == store.directory.name


def test_samples_are_appended(store: RunStore) -> None:
    """The time series is one JSON object a line."""
    store.append_samples((Sample(1.0, "onecore-flask", 0.5, 1000), Sample(1.0, "generator", 0.1)))
    assert len(store.samples.read_text().splitlines()) == 2


def test_torn_samples_are_told_and_left_out(store: RunStore) -> None:
    """A crash tears a reading as well as a cell; each file says it once."""
    whole = (Sample(1.0, "onecore-flask", 0.5, 1000), Sample(2.0, "generator", 0.1))
    assert store.read_samples() == ((), ())
    store.append_samples(whole[:1])
    with store.samples.open("a") as file:
        file.write('{"at_unix_s": 1.5, "un\n{}\n')
    store.append_samples(whole[1:])
    read, torn = store.read_samples()
    assert read == whole
    assert [line.line for line in torn] == [2, 3]
    assert unreadable_words(torn[:1]) == ("samples.jsonl, line 2 is torn and left out",)
    assert unreadable_words(torn) == (
        "samples.jsonl, 2 lines are torn and left out, the first is line 2",
    )


def test_run_ids_do_not_collide(tmp_path: Path) -> None:
    """Two runs in one second get two folders."""
    first = new_run_id(tmp_path)
    (tmp_path / first).mkdir()
    assert new_run_id(tmp_path) != first


def test_the_latest_run_is_found_and_an_unknown_one_told(tmp_path: Path) -> None:
    """Without a name the newest run is meant."""
    with pytest.raises(UsageError, match="there is no run"):
        find_run(tmp_path, None)
    for run_id in ("20260101-000000", "20260102-000000"):
        made = RunStore(tmp_path / run_id)
        made.create()
        made.write_record(record(run_id=run_id))
    assert find_run(tmp_path, None).directory.name == "20260102-000000"
    assert find_run(tmp_path, "20260101-000000").directory.name == "20260101-000000"
    with pytest.raises(UsageError, match="20260103") as caught:
        find_run(tmp_path, "20260103")
    assert "20260102-000000" in caught.value.remedy


@pytest.mark.parametrize(
    ("changes", "method"),
    [
        ({}, 1),
        ({"turns": Turns(0.1, 0.025)}, 2),
        ({"pacing": OpenLoop(100.0)}, METHOD),
    ],
)
def test_a_run_that_names_no_method_is_told_by_its_plan(
    store: RunStore, changes: dict[str, object], method: int
) -> None:
    """A closed loop without turns had windows; what never had turns is measured as it was."""
    store.write_record(record(plan=plan(**changes)))
    data = json.loads(store.record.read_text())
    del data["method"]
    store.record.write_text(json.dumps(data))
    assert store.read()[0].method == method
