"""From an error to a sentence and an exit code."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module

import pytest

from bench.errors import LabError, UsageError

module = import_module("bench.cli.main")  # the package has a function of that name


def run(monkeypatch: pytest.MonkeyPatch, verb: Callable[[], object]) -> int:
    """The exit code of the command line when its verb does this."""
    monkeypatch.setattr(module, "app", lambda **_: verb())
    monkeypatch.setattr(module, "_refuse_unknown_make_variables", lambda: None)
    monkeypatch.setattr(module, "interruptible", lambda: None)
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def failing(error: BaseException) -> Callable[[], object]:
    def verb() -> object:
        raise error

    return verb


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LabError("broken", "mend it"), 1),
        (UsageError("no such thing", "choose another"), 2),
        (KeyboardInterrupt(), 130),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), 1),
        (OSError(errno.EROFS, os.strerror(errno.EROFS), "/a", None, "/b"), 1),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/a"), 1),
    ],
)
def test_each_failure_has_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    """1 for a failure, a full disk among them; 2 for a mistake; 130 for Ctrl-C."""
    assert run(monkeypatch, failing(error)) == code
    assert run(monkeypatch, lambda: None) == 0


def test_a_full_disk_is_told_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback: what could not be written, and where else it could go."""
    monkeypatch.setattr(module.err, "file", sys.stderr)
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/from", None, "/to")
    run(monkeypatch, failing(full))
    said = capsys.readouterr().err
    assert "cannot write /to: No space left on device" in said
    assert "ONECORE_STATE" in said


def test_a_programming_error_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """An OSError that is none of the system's refusals is not dressed up as one."""
    with pytest.raises(FileNotFoundError):
        run(monkeypatch, failing(FileNotFoundError(errno.ENOENT, "gone")))


@pytest.mark.parametrize("variable", ["ROUNDS=x", "RATE=fast", "STRICT=maybe"])
def test_a_word_where_a_number_belongs_is_a_mistake(variable: str) -> None:
    """It is told as any other mistake, and nothing is started."""
    name, _, value = variable.partition("=")
    done = subprocess.run(
        [sys.executable, "-m", "bench", "bench"],
        env={**os.environ, name: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("onecore: ")
    assert name in done.stderr.splitlines()[0]
    assert "--help" in done.stderr
