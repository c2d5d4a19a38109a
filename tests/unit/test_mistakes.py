"""What was asked for wrongly, from the environment to a sentence and an exit code."""

import os
import sys
from importlib import import_module
from pathlib import Path

import pytest

from bench.report.render.terminal import make_console

module = import_module("bench.cli.main")  # the package has a function of that name


@pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens")
@pytest.mark.parametrize(
    ("verb", "variables", "code", "named"),
    [
        ("bench", {"FRAMEWORK": "nope"}, 2, "Known frameworks: fastapi"),
        ("bench", {"WORKLOAD": "nope"}, 2, "create, read, update, delete"),
        ("bench", {"PROFILE": "nope"}, 2, "quick"),
        ("bench", {"ROUNDS": "0"}, 2, "at least 1"),
        ("bench", {"CONCURRENCY": "0"}, 2, "1 to 1000"),
        ("bench", {"PORT_OFFSET": "many"}, 2, "whole number"),
        ("bench", {"SUPERVISOR": "nope"}, 2, "systemd, process"),
        ("bench", {"RESUME": "19990101-000000"}, 2, "there is no run"),
        ("locust", {"USERS": "0"}, 2, "USERS"),
        ("locust", {"TARGET_HOST": "127.0.0.9"}, 1, "make up BIND="),
        ("locust-ui", {"TARGET_HOST": "127.0.0.9"}, 1, "make up BIND="),
        ("locust-worker", {}, 2, "MASTER="),
        ("locust-worker", {"MASTER": "nohost.invalid"}, 2, "nohost.invalid is no machine"),
        ("status", {"BIND": "0.0.0.0"}, 2, "BIND="),
    ],
)
def test_mistakes_are_named(
    verb: str,
    variables: dict[str, str],
    code: int,
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What does not exist is told together with what does, and no run is left of it."""
    own = {
        f"ONECORE_{name}": str(tmp_path / name.lower()) for name in ("STATE", "RESULTS", "LOCKS")
    }
    (tmp_path / "locks").mkdir()
    for name, value in {"SUPERVISOR": "process", **own, **variables}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["bench", verb])
    monkeypatch.setattr(module, "interruptible", lambda: None)
    monkeypatch.setattr(module, "err", make_console(stderr=True))
    cpus = os.sched_getaffinity(0)
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert (ended.value.code, named in capsys.readouterr().err) == (code, True)
    assert os.sched_getaffinity(0) == cpus
    assert not list(tmp_path.glob("results/*"))
