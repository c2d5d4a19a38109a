"""A verb of the command line in a process that need not load the lab first.

More than a hundred are called. Each has an environment, a folder and outputs of its own, and from
`main()` on it is the same program. What comes before (insulation, Python's own switches, encodings,
a module that only another one has loaded) has tests that start Python: tests/unit/test_main.py,
test_startup.py and test_environment.py, test_locale.py, test_bootstrap.py, and whatever `Cli.spawn`
starts.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from bench.environment import insulated
from tests.forked import FORKED


class Verb:
    """It runs from the beginning on. What of a `subprocess.Popen` is needed here, it has."""

    def __init__(
        self, words: Sequence[str], environment: Mapping[str, str], directory: Path
    ) -> None:
        self.args = tuple(words)
        self._folder = tempfile.TemporaryDirectory()
        self._outputs = Path(self._folder.name, "out"), Path(self._folder.name, "err")
        for path in self._outputs:
            path.touch()
        where = directory, os.sched_getaffinity(0), self._outputs
        self._process = FORKED.Process(target=_run, args=(self.args, dict(environment), *where))
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def send_signal(self, number: int) -> None:
        # It may end at any time, and is no zombie then that would wait to be asked.
        with suppress(ProcessLookupError):
            if self.returncode is None:
                os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it has written to standard output and to standard error, when it has ended.

        Raises subprocess.TimeoutExpired, with what there is so far, when it has not.
        """
        self._process.join(timeout)
        out, err = (path.read_text() for path in self._outputs)
        if self.returncode is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired(self.args, timeout, out, err)
        return out, err


def _run(
    words: Sequence[str],
    environment: Mapping[str, str],
    directory: Path,
    cpus: set[int],
    outputs: tuple[Path, Path],
) -> None:
    for number, path in enumerate((Path(os.devnull), *outputs)):
        descriptor = os.open(path, os.O_RDWR)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(directory)
    os.sched_setaffinity(0, cpus)
    os.environ.clear()
    os.environ.update(insulated(environment))
    sys.argv = ["bench", *words]
    # Only now: it looks at the terminal when it is loaded.
    from bench.cli import main

    main()
