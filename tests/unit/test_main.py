"""From an error to a sentence and an exit code."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module

import pytest

from bench.cli.verbs import app
from bench.errors import LabError, UsageError
from bench.report.render.terminal import make_console

module = import_module("bench.cli.main")  # the package has a function of that name


def run(monkeypatch: pytest.MonkeyPatch, verb: Callable[[], object]) -> int:
    """The exit code of the command line when its verb does this."""
    monkeypatch.setattr(module, "app", lambda **_: verb())
    monkeypatch.setattr(module, "refuse_idle_variables", lambda *_: None)
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
    monkeypatch.setattr(module, "err", make_console(stderr=True))
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


@pytest.mark.parametrize(
    ("verb", "given", "told"),
    [
        ("bench", "FRAMEWROK=drf", "there is no variable FRAMEWROK"),
        ("sweep", "CONCURRENCY=5", "make sweep does not take CONCURRENCY"),
        ("saturate", "ROUNDS=9 SEED=1", "make saturate does not take ROUNDS"),
        ("bench", "THRESHOLD=1", "make bench does not take THRESHOLD"),
        ("down", "FRAMEWORK=drf", "make down does not take FRAMEWORK"),
    ],
)
def test_what_a_verb_would_ignore_is_refused(verb: str, given: str, told: str) -> None:
    """On make's command line a variable is meant for this verb; the remedy names what it takes."""
    with pytest.raises(UsageError, match=told):
        module.refuse_idle_variables(verb, f"s -- {given}")
    assert "ROUNDS" in _remedy("sweep", "CONCURRENCY=5")


def _remedy(verb: str, given: str) -> str:
    with pytest.raises(UsageError) as caught:
        module.refuse_idle_variables(verb, f" -- {given}")
    return caught.value.remedy


@pytest.mark.parametrize(
    ("verb", "makeflags"),
    [
        ("bench", ""),
        ("bench", "w -- RATE=200 ARRIVALS=poisson PORT_OFFSET=1000 ONECORE_STATE=/a"),
        ("down", "-- SUPERVISOR=process"),
        # A blank within a value begins no other variable.
        ("bench", "-- FRAMEWORK=flask,\\ drf\\ THRESHOLD=1"),
        # Not on make's command line: exported by a shell, for whoever takes it.
        ("sweep", "CONCURRENCY=5"),
        ("--help", "-- FRAMEWORK=drf"),
        ("lab", ""),  # a group, whose verbs are none of make's
    ],
)
def test_what_a_verb_takes_is_let_through(verb: str, makeflags: str) -> None:
    """So is what every command takes."""
    module.refuse_idle_variables(verb, makeflags)


@pytest.mark.parametrize(
    ("verb", "given", "told"),
    [
        ("bench", {"rounds": "2.9"}, "is not a whole number"),
        ("bench", {"concurrency": "2.7"}, "is not a whole number"),
        ("bench", {"seed": "1.5"}, "is not a whole number"),
        ("bench", {"arrivals": "nonsense"}, "unknown arrivals"),
        ("bench", {"rate": "200", "concurrency": "5"}, "RATE and CONCURRENCY exclude each other"),
        ("bench", {"resume": "x", "rounds": "3", "seed": "1"}, "RESUME and ROUNDS, SEED exclude"),
        ("locust", {"throughput": "2", "wait": "1"}, "THROUGHPUT and WAIT exclude"),
        ("locust", {"target-host": "h", "strict": "true"}, "TARGET_HOST and STRICT exclude"),
    ],
)
def test_options_that_would_be_ignored_or_bent_are_refused(
    verb: str, given: dict[str, str], told: str
) -> None:
    """A user's mistake, with exit code 2, before anything starts."""
    words = [f"--{name}={value}" for name, value in given.items()]
    with pytest.raises(UsageError, match=told):
        app([verb, *words], result_action="return_value")
