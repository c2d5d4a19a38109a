"""The log that users of the original script know, with what it lacked.

Same file name, same line form (`time - LEVEL - message`), same figures; each phase on its own,
pauses never counted, and service times, CPU and memory beside them.
"""

import logging
from datetime import datetime
from pathlib import Path
from typing import Never

from bench.errors import StoreError
from bench.metrics import METRICS
from bench.model import CellResult, PhaseResult, Target
from bench.store import what_is_left
from bench.words import NO_FIGURE

_FORMAT = "%(asctime)s - %(levelname)s - %(message)s"


def phase_lines(name: str, window: PhaseResult) -> list[str]:
    """One measured window: `FASTAPI create =>` and its figures."""
    load = window.load
    asked = load.succeeded + load.failed
    told = {key: metric.format(metric.value((window,))) for key, metric in METRICS.items()}
    lines = [
        f"{name} {window.phase} =>",
        f"  Duration: {load.duration_s:.2f}s",
        f"  Success: {load.succeeded}/{asked}",
        f"  Failures: {load.failed}",
        f"  RPS: {load.rate_per_s:.2f}",
        f"  Time: p50 {told['p50']} ms, p95 {told['p95']} ms, p99 {told['p99']} ms",
        f"  CPU: app {told['app_cpu']} %, database {told['database_cpu']} %, "
        f"generator {told['generator_cpu']} % of a core",
        f"  CPU per request: app {told['app_cost']} us, database {told['database_cost']} us, "
        f"generator {told['generator_cost']} us",
        f"  Memory (PSS): app {told['app_memory']} MB, database {told['database_memory']} MB",
        f"  Limited by: {window.limited_by or NO_FIGURE}",
    ]
    lines.extend(f"  Failed: {count} x {reason}" for reason, count in load.failures.items())
    return lines


def total_lines(name: str, windows: tuple[PhaseResult, ...]) -> list[str]:
    """All phases of a scenario together, in the original's own words."""
    duration_s = sum(window.load.duration_s for window in windows)
    succeeded = sum(window.load.succeeded for window in windows)
    failed = sum(window.load.failed for window in windows)
    return [
        f"{name} =>",
        f"  Duration: {duration_s:.2f}s",
        f"  Success: {succeeded}/{succeeded + failed}",
        f"  Failures: {failed}",
        f"  RPS: {succeeded / duration_s:.2f}",
    ]


class _File(logging.FileHandler):
    """A log is part of the run: what cannot be written ends it, as with any file of its folder.

    Python's own handler would print a traceback for every line, and go on.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Raises StoreError when the line cannot be written."""
        try:
            super().emit(record)
        except OSError as error:
            raise self._lost(error) from error

    def handleError(self, _: logging.LogRecord) -> Never:  # noqa: N802  # logging's name
        raise  # what the handler's emit has caught

    def close(self) -> None:
        """Raises StoreError when the last lines cannot be written."""
        try:
            super().close()
        except OSError as error:
            raise self._lost(error) from error

    def _lost(self, error: OSError) -> StoreError:
        path = Path(self.baseFilename)
        return StoreError(
            f"cannot write {path}: {error.strerror}",
            f"Free some space or mend the permissions; {what_is_left(path.parent)}",
        )


class ClassicLog:
    """`api_benchmark_YYYYMMDD_HHMMSS.log` in the run's folder; `host` is where the services are.

    Every method raises StoreError when it cannot write.
    """

    def __init__(self, directory: Path, host: str) -> None:
        self._host = host
        stamp = datetime.now().strftime("%Y%m%d_%H%M%S")
        self._handler = _File(directory / f"api_benchmark_{stamp}.log", delay=True)
        self._handler.setFormatter(logging.Formatter(_FORMAT))
        # Not the root logger: libraries' messages have no place in this file.
        self._logger = logging.Logger("onecore.classic", logging.INFO)
        self._logger.addHandler(self._handler)

    def close(self) -> None:
        """Close the file; there is none if nothing was logged."""
        self._handler.close()

    def started(self) -> None:
        """Log that a run begins."""
        self._logger.info("Starting API Benchmark...")
        self._logger.info("=" * 50)

    def cell_started(self, target: Target, workload: str, round_number: int) -> None:
        """Log which target and workload come next, and where the service listens."""
        self._logger.info(
            f"{target.name.upper()} - {workload}, round {round_number}, "
            f"at http://{self._host}:{target.http_port}/items/"
        )

    def cell_finished(self, target: Target, cell: CellResult) -> None:
        """Log each window of a cell and their sum, or why it was not measured."""
        name = target.name.upper()
        if cell.unfit:
            why = "\n".join(filter(None, (cell.unfit, cell.remedy)))
            self._logger.error(f"{name} - not measured: {why}")
            return
        for window in cell.phases:
            self._all(phase_lines(name, window), failed=bool(window.load.failed))
        if len(cell.phases) > 1:
            self._all(total_lines(name, cell.phases), failed=False)

    def finished(self) -> None:
        """Log that the run is complete."""
        self._logger.info("Benchmark completed!")

    def _all(self, lines: list[str], *, failed: bool) -> None:
        for line in (*lines, ""):
            self._logger.log(logging.ERROR if failed else logging.INFO, line)
