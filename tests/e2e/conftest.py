"""The command line as a user runs it: another process, in a lab of its own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from bench.environment import LAB_VARIABLES, VERB_VARIABLES
from bench.report.render.library import vega_code
from bench.targets import SERVICES, known_targets, select_targets
from tests.conftest import lab_environment

from .verb import Verb

ROOT = Path(__file__).parents[2]
PATIENCE_S = 240
(ANY,) = select_targets(known_targets(services=SERVICES), ("wsgi",))
"""Where any target will do: this one takes the least to migrate and to start."""

Running = subprocess.Popen[str] | Verb


@dataclass
class Cli:
    """Runs verbs in one lab, and knows what is left running of it."""

    environment: dict[str, str]
    results: Path
    state: Path
    running: list[Running] = field(default_factory=list)
    root: Path = ROOT

    def begin(self, *words: str, **variables: str) -> Running:
        """The verb under way, in its own process."""
        known = {*LAB_VARIABLES, *VERB_VARIABLES}
        if self.root != ROOT or not variables.keys() <= known:
            return self.spawn(*words, **variables)
        verb = Verb(words, {**self.environment, **variables}, self.root)
        self.running.append(verb)
        return verb

    def spawn(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        """The same, as a user starts it: what it prints can be read while it runs."""
        process = subprocess.Popen(
            [sys.executable, "-m", "bench", *words],
            cwd=self.root,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        return process

    def run(self, *words: str, expect: int = 0, **variables: str) -> str:
        """What the verb printed, standard error behind standard output."""
        process = self.begin(*words, **variables)
        told = "".join(process.communicate(timeout=PATIENCE_S))
        assert process.returncode == expect, told
        return told

    def left_running(self) -> list[str]:
        """Command lines of processes that work in this lab's state folder or on its ports."""
        lines = []
        for process in psutil.process_iter():
            try:
                line = " ".join(process.cmdline())
                environment = process.environ()
                ended = process.status() == psutil.STATUS_ZOMBIE
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
            if ended or process.pid == os.getpid():
                continue
            if str(self.state) in line or str(self.state) in environment.get("PGPASSFILE", ""):
                lines.append(line)
        return lines

    def runs(self) -> list[Path]:
        return sorted(path.parent for path in self.results.glob("*/run.json"))


def bundled() -> Path:
    """A folder with what pages draw with: made once for all labs, as it takes seconds."""
    folder = Path(tempfile.gettempdir()) / f"onecore-test-cache-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        vega_code(folder)
    return folder


@pytest.fixture(scope="module")
def cli(public_folder: Path, request: pytest.FixtureRequest) -> Iterator[Cli]:
    folder = public_folder / f"e2e-{request.module.__name__.rpartition('.')[2]}"
    folder.mkdir()
    own = lab_environment(folder, start=20_000)
    clean = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}
    cache = Path(own["ONECORE_STATE"]) / f"offset-{own['PORT_OFFSET']}" / "cache"
    shutil.copytree(bundled(), cache)
    made = Cli({**clean, **own}, Path(own["ONECORE_RESULTS"]), Path(own["ONECORE_STATE"]))
    yield made
    for process in made.running:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.communicate(timeout=PATIENCE_S)
            finally:
                process.kill()
    if made.left_running():
        made.run("down")


def eventually[T](condition: Callable[[], T], every_s: float = 0.05) -> T:
    """What the condition gives as soon as that is true."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(every_s)
    return found


def while_running(process: Running, condition: Callable[[], object], every_s: float = 0.05) -> None:
    """Wait for a condition that only a living process can bring about."""
    while not condition():
        assert process.poll() is None, "".join(filter(None, process.communicate()))
        time.sleep(every_s)
