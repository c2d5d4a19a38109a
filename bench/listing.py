"""`results/index.html`: every stored run in one line, with links that work from disk.

It is written anew after each run and each report. A run is read again only when its files have
changed: what was made of it is kept in the lab's cache.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bench.errors import StoreError
from bench.files import write_whole
from bench.report.document import RunFile, RunRow
from bench.report.formats import write_page
from bench.report.index import index_document, run_row
from bench.store import RunStore, sound, stored_runs

RowCache = Mapping[str, tuple[str, RunRow]]
"""By run id: what its files looked like when it was read, and its line."""

_CACHE: TypeAdapter[RowCache] = TypeAdapter(RowCache)


def write_index(results: Path, cache: Path) -> None:
    """Write the page of all runs, the newest first. Raises StoreError when it cannot be written."""
    kept = cache / "runs.json"
    known = _read(kept)
    found = {store.directory.name: _line(store, known) for store in stored_runs(results)}
    with suppress(OSError):  # then each run is read again next time
        cache.mkdir(parents=True, exist_ok=True)
        write_whole(kept, _CACHE.dump_json(found))
    rows = [
        replace(row, files=tuple(files_of(results / run_id)))
        for run_id, (_, row) in sorted(found.items(), reverse=True)
    ]
    document = index_document(rows, has_history=(results / "history.html").exists())
    write_page(document, results / "index.html", cache)


def _read(kept: Path) -> RowCache:
    try:
        return _CACHE.validate_json(kept.read_bytes())
    except (OSError, ValidationError):
        return {}


def _line(store: RunStore, known: RowCache) -> tuple[str, RunRow]:
    run_id = store.directory.name
    has_page = (store.directory / "report.html").exists()
    stamp = f"{_stamp(store.record)} {_stamp(store.rounds)} {has_page}"
    if run_id in known and known[run_id][0] == stamp:
        return known[run_id]
    try:
        with sound(store.directory):
            return stamp, run_row(store.read()[0], has_page=has_page)
    except (StoreError, OSError) as error:
        return stamp, RunRow(run_id, problem=str(error).splitlines()[0])


def _stamp(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return "-"
    return f"{found.st_mtime_ns}/{found.st_size}"


def files_of(folder: Path) -> Iterator[RunFile]:
    """The files in a run's folder but hidden ones, in the order of their paths."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in inside.parts)
        told = inside.as_posix().isprintable()  # a name in another encoding is in no page
        if path.is_file() and not path.is_symlink() and not hidden and told:
            yield RunFile(inside.as_posix(), path.stat().st_size)
