"""Runs on disk: written as they happen, so that nothing measured is lost.

`run.json` is replaced whole and atomically; `rounds.jsonl` gets one fsynced line per finished cell;
`samples.jsonl` gets the time series, flushed but not fsynced.
"""

import json
import os
import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from bench import before_elsewhere, before_modes
from bench.analysis.commands import resume_command
from bench.analysis.completeness import cell_key
from bench.analysis.plausibility import why_impossible
from bench.analysis.studies.saturation import REFUSED
from bench.errors import LabError, StoreError, UsageError
from bench.files import write_whole
from bench.model import (
    METHOD,
    CellResult,
    Diagnostic,
    Finding,
    Plan,
    RunRecord,
    Sample,
)

SCHEMA_VERSION = 2
READABLE = (1, SCHEMA_VERSION)
_Findings = tuple[Finding, ...]

_NAME = re.compile(r"\w[\w .+-]*", re.ASCII)

_ANOTHER = "other runs are not touched by it: make report RUN=<run-id>."


_adapters: dict[object, TypeAdapter[Any]] = {}


def _adapter[T](kind: type[T]) -> TypeAdapter[T]:
    """What writes and reads values of this kind. It is made when it is needed: most verbs read no
    run.
    """
    made: TypeAdapter[T] = _adapters.get(kind) or _adapters.setdefault(kind, TypeAdapter(kind))
    return made


def schemas() -> dict[str, str]:
    """JSON Schema texts of what is stored: `run.json`, one line of `rounds.jsonl`, and
    `findings.json`.
    """
    described: dict[str, TypeAdapter[Any]] = {
        "run": _adapter(RunRecord),
        "cell": _adapter(CellResult),
        "findings": _adapter(_Findings),
    }
    return {
        f"{name}.schema.json": json.dumps(adapter.json_schema(mode="serialization"), indent=2)
        + "\n"
        for name, adapter in described.items()
    }


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns what goes wrong with a file in a run's folder into a StoreError with the remedy."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {error.strerror}",
            f"Free some space or mend the permissions; {what_is_left(path.parent)}",
        ) from error


def what_is_left(folder: Path) -> str:
    """What becomes of a run whose files cannot be written any more."""
    try:
        record = RunStore(folder).read_record()
    except StoreError:
        return "nothing of this run is on disk: begin a new one then."
    if not record.plan.is_resumable:
        return "finished cells are kept, but it cannot go on from there: make it again then."
    return f"finished cells are kept, and `{resume_command(record)}` goes on from there."


@contextmanager
def sound(folder: Path) -> Iterator[None]:
    """Turns whatever a stored run's own words bring about into a StoreError that names the run.

    Provenance may hold anything, by whichever lab it was written or whoever has edited it: one bad
    run must not cost another its page.
    """
    try:
        yield
    except (LabError, OSError):
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise StoreError(
            f"run {folder.name} says something that cannot be shown: {error!r} "
            f"(at {Path(place.filename).name}, line {place.lineno})",
            f"Put its files back from a copy, or move {folder} elsewhere; {_ANOTHER}",
        ) from error


def new_run_id(results: Path) -> str:
    """A run id by the clock, e.g. "20261122-104210", made unique in `results`."""
    base = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    names = [base, *(f"{base}-{n}" for n in range(2, 100))]
    return next(name for name in names if not (results / name).exists())


@dataclass(frozen=True)
class UnreadableLine:
    """A line that is left out: torn by a crash or a full disk, there twice, or saying (`why`) what
    cannot be.
    """

    path: Path
    line: int
    kind: Literal["torn", "double", "impossible"] = "torn"
    why: str = ""

    @property
    def how(self) -> str:
        """What is wrong with it, in words: "double", "impossible (a window of 0 s)"."""
        return f"{self.kind} ({self.why})" if self.why else self.kind

    @property
    def diagnostic(self) -> Diagnostic:
        """The diagnostic of a run that was resumed over this line."""
        return Diagnostic(
            f"{self.kind}-line",
            f"{self.path.name}, line {self.line} is {self.how} and left out",
            "Its cell was measured again when the run was resumed, or is missing.",
            "note",
        )


def unreadable_words(torn: Sequence[UnreadableLine]) -> tuple[str, ...]:
    """What could not be read, a sentence without its full stop for each file."""
    by_file: dict[tuple[str, str], list[int]] = {}
    for torn_line in torn:
        by_file.setdefault((torn_line.path.name, torn_line.how), []).append(torn_line.line)
    return tuple(
        f"{name}, line {lines[0]} is {how} and left out"
        if len(lines) == 1
        else f"{name}, {len(lines)} lines are {how} and left out, the first is line {lines[0]}"
        for (name, how), lines in by_file.items()
    )


def _replace(path: Path, data: object) -> None:
    """Write a file of JSON whole and atomically. Raises StoreError."""
    with explained(path):
        write_whole(path, json.dumps(data, indent=2) + "\n", durable=True)


class RunStore:
    """One run's folder."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.rounds = directory / "rounds.jsonl"
        self.samples = directory / "samples.jsonl"
        old, today = directory / before_elsewhere.FILE, directory / "run.json"
        self.is_of_old_form = old.exists() and not today.exists()
        """Nothing is added to such a folder: it is only read."""
        self.record = old if self.is_of_old_form else today
        self.findings = directory / "findings.json"

    def create(self) -> None:
        """Make the run's folder. Raises StoreError when it exists or cannot be made."""
        with explained(self.record):
            self.directory.mkdir(parents=True)

    def discard(self) -> None:
        """Remove the folder of a run that has nothing in it yet."""
        with suppress(OSError):
            self.directory.rmdir()

    def write_record(self, record: RunRecord) -> None:
        """Replace run.json. The cells stay in rounds.jsonl and are not repeated here."""
        data = _adapter(RunRecord).dump_python(replace(record, cells=()), mode="json")
        del data["cells"]
        _replace(self.record, data)

    def write_findings(self, findings: Sequence[Finding]) -> None:
        """Replace findings.json."""
        _replace(self.findings, _adapter(_Findings).dump_python(tuple(findings), mode="json"))

    def read_findings(self) -> tuple[Finding, ...]:
        """What was seen inside the services; empty where nobody looked. Raises StoreError."""
        if not self.findings.exists():
            return ()
        try:
            return _adapter(_Findings).validate_json(self._bytes_of(self.findings))
        except ValidationError as error:
            raise StoreError(
                f"{self.findings} is torn, or holds no findings: {_first_of(error)}",
                f"Put it back from a copy, or remove it; {_ANOTHER}",
            ) from None

    def append_cells(self, cells: Sequence[CellResult]) -> None:
        """Add a line for each, in one write, complete on disk when this returns."""
        lines = b"".join(_adapter(CellResult).dump_json(cell) + b"\n" for cell in cells)
        with explained(self.rounds), self.rounds.open("ab") as file:
            if file.tell() and not self._ends_whole():
                file.write(b"\n")  # the torn line stays, and stays told; ours starts afresh
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())

    def _ends_whole(self) -> bool:
        with self.rounds.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"

    def append_samples(self, samples: tuple[Sample, ...]) -> None:
        """Add readings of the sampler. Raises StoreError when they cannot be written."""
        with explained(self.samples), self.samples.open("a", encoding="utf-8") as file:
            # Several times a second: asdict would copy each value, and cost as much as the rest.
            file.writelines(json.dumps(vars(sample)) + "\n" for sample in samples)

    def read(self) -> tuple[RunRecord, tuple[UnreadableLine, ...]]:
        """The run with all its whole cells, and the lines that could not be read.

        Raises StoreError when run.json is missing, damaged or of an unknown version, and when a
        file cannot be read at all.
        """
        record = self.read_record()
        cells, torn = self._read_cells(record.plan)
        return _upgraded(replace(record, cells=cells)), torn

    def read_record(self) -> RunRecord:
        """The run as it was written, without its cells.

        Its id is the folder's name: whoever copies or renames a folder names another run. Raises
        StoreError.
        """
        data = self._read_json()
        version = data.get("schema_version")
        if version not in READABLE:
            raise StoreError(
                f"{self.record} has schema version {version!r}; "
                f"this lab reads versions {' and '.join(map(str, READABLE))}",
                "Read it with the version of the lab that wrote it (provenance names its commit).",
            )
        try:
            record = _adapter(RunRecord).validate_python(data)
        except ValidationError as error:
            raise self._damaged(f"is no run record: {_first_of(error)}") from None
        if "method" not in data:
            record = replace(record, method=_method_of(record.plan))
        return replace(record, run_id=self.directory.name)

    def read_samples(self) -> tuple[tuple[Sample, ...], tuple[UnreadableLine, ...]]:
        """The time series, and the lines that could not be read."""
        samples, torn = self._lines_of(self.samples, _adapter(Sample))
        if self.record.exists() and self._read_json().get("schema_version") == 1:
            samples = tuple(map(before_modes.sample, samples))
        return samples, torn

    def read_cells(self, plan: Plan) -> tuple[CellResult, ...]:
        """The whole cells that are on disk, each once. Raises StoreError."""
        return self._read_cells(plan)[0]

    def _read_cells(self, plan: Plan) -> tuple[tuple[CellResult, ...], tuple[UnreadableLine, ...]]:
        """Each cell once, in the order measured, and the lines that are left out."""
        lines, torn = self._old_cells() if self.is_of_old_form else self._numbered_cells()
        cells: dict[object, CellResult] = {}
        for number, cell in lines:
            # A search may try a rate twice in what it calls a round.
            key = (cell_key(cell), cell.started_at if plan.design.repeats_cells else "")
            if why := why_impossible(cell, plan):
                torn.append(UnreadableLine(self.rounds, number, "impossible", why))
            elif key in cells:
                torn.append(UnreadableLine(self.rounds, number, "double"))
            else:
                cells[key] = cell
        return tuple(cells.values()), tuple(torn)

    def _numbered_cells(self) -> tuple[list[tuple[int, CellResult]], list[UnreadableLine]]:
        lines, torn = self._numbered(self.rounds, _adapter(CellResult))
        return [(number, _with_refusal(cell)) for number, cell in lines], torn

    def _old_cells(self) -> tuple[list[tuple[int, CellResult]], list[UnreadableLine]]:
        """The cells of a folder of the old form. Raises StoreError."""
        try:
            found = map(_adapter(CellResult).validate_python, before_elsewhere.cells(self._json()))
            return list(enumerate(found, start=1)), []
        except ValidationError as error:
            raise self._damaged(f"holds no users' answers: {_first_of(error)}") from None

    def _lines_of[T](
        self, path: Path, kind: TypeAdapter[T]
    ) -> tuple[tuple[T, ...], tuple[UnreadableLine, ...]]:
        """The whole lines of a file, and those that a crash or a full disk has torn."""
        lines, torn = self._numbered(path, kind)
        return tuple(value for _, value in lines), tuple(torn)

    def _numbered[T](
        self, path: Path, kind: TypeAdapter[T]
    ) -> tuple[list[tuple[int, T]], list[UnreadableLine]]:
        """The same, the whole lines with their numbers."""
        whole: list[tuple[int, T]] = []
        torn: list[UnreadableLine] = []
        if not path.exists():
            return whole, torn
        for number, line in enumerate(self._bytes_of(path).splitlines(), start=1):
            try:
                whole.append((number, kind.validate_json(line)))
            except ValidationError:
                torn.append(UnreadableLine(path, number))
        return whole, torn

    def _read_json(self) -> Mapping[str, Any]:
        """What run.json has, also where a lab stored that otherwise. Raises StoreError."""
        if not self.is_of_old_form:
            return self._json()
        try:
            return before_elsewhere.record(self._json(), SCHEMA_VERSION)
        except (LookupError, TypeError, AttributeError):
            raise self._damaged("holds no users' answers") from None

    def _json(self) -> dict[str, Any]:
        try:
            data = json.loads(self._bytes_of(self.record))
        except (ValueError, RecursionError):
            raise self._damaged("is torn, or no JSON") from None
        if not isinstance(data, dict):
            raise self._damaged("is no run record: it holds no JSON object")
        return data

    def _bytes_of(self, path: Path) -> bytes:
        try:
            if not path.is_dir() and path.exists() and not path.is_file():
                # A pipe would be waited for, and a device has no end.
                raise StoreError(f"{path} is no file", f"Remove it; {_ANOTHER}")
            return path.read_bytes()
        except FileNotFoundError:
            raise StoreError(f"{path} does not exist", "Is this the folder of a run?") from None
        except OSError as error:
            raise StoreError(
                f"cannot read {path}: {error.strerror}",
                f"Mend its permissions, or move {self.directory} elsewhere; {_ANOTHER}",
            ) from error

    def _damaged(self, how: str) -> StoreError:
        return StoreError(
            f"{self.record} {how}",
            f"Put it back from a copy, or move {self.directory} elsewhere; {_ANOTHER}",
        )


def _method_of(plan: Plan) -> int:
    """The method of a run that does not name it: windows where there are turns now, turns as they
    were at first, or what has not changed since.
    """
    if not plan.pacing.takes_turns:
        return METHOD
    return 1 if plan.turns is None else 2


def _with_refusal(cell: CellResult) -> CellResult:
    """The cell, `refused` where a lab that did not store that has written it: its words tell."""
    return replace(cell, refused=True) if cell.unfit.startswith(REFUSED) else cell


def _upgraded(record: RunRecord) -> RunRecord:
    return before_modes.run(record) if record.schema_version == 1 else record


def _first_of(error: ValidationError) -> str:
    """What is wrong first, e.g. "run_id: Field required, and 7 more faults"."""
    (first, *others) = error.errors(include_url=False, include_input=False)
    where = ".".join(map(str, first["loc"]))
    more = f", and {len(others)} more fault{'s' * (len(others) > 1)}" if others else ""
    return f"{where}: {first['msg']}{more}"


def stored_runs(results: Path) -> tuple[RunStore, ...]:
    """Every run's folder, the oldest first. Whether it can be read is another matter.

    What is no folder of the lab's own is not looked into: a link to elsewhere, a name that no run
    has (it would be a link's address on a page), a run.json that is a pipe or a device.
    """
    return tuple(
        RunStore(path.parent)
        for path in sorted(_records(results), key=lambda path: path.parent)
        if _NAME.fullmatch(path.parent.name)
        and not path.parent.is_symlink()
        and (path.is_file() or path.is_dir())
    )


def _records(results: Path) -> Iterator[Path]:
    yield from results.glob("*/run.json")
    for path in results.glob(f"*/{before_elsewhere.FILE}"):
        if not (path.parent / "run.json").exists():
            yield path


def find_run(results: Path, run_id: str | None) -> RunStore:
    """The named run, or the latest one.

    Raises UsageError when there is none.
    """
    runs = [store.directory.name for store in stored_runs(results)]
    if not runs:
        raise UsageError(f"there is no run in {results}", "Make one: make bench.")
    if run_id is not None and run_id not in runs:
        latest = ", ".join(runs[-5:])
        raise UsageError(f"there is no run {run_id!r} in {results}", f"The latest are: {latest}.")
    return RunStore(results / (run_id or runs[-1]))
