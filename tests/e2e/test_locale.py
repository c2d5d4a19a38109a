"""Verbs on a terminal whose encoding is not UTF-8."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import ROOT, Cli

STORED = ROOT / "tests/unit/report/run-version-1"
LATIN = "de_DE.ISO-8859-15"


@pytest.fixture(scope="module")
def latin(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of such a terminal."""
    if not Path("/usr/share/i18n/locales/de_DE").exists():
        pytest.skip("there is nothing to make locales from (Debian: apt install locales)")
    folder = tmp_path_factory.mktemp("locales")
    made = folder / LATIN
    # It ends with 1 where it has something to warn of.
    subprocess.run(
        ["localedef", "-i", "de_DE", "-f", "ISO-8859-15", made], capture_output=True, check=False
    )
    assert made.exists()
    return {"LOCPATH": str(folder), "LC_ALL": LATIN, "LANG": LATIN}


@pytest.fixture(scope="module")
def stored(cli: Cli) -> Iterator[str]:
    """Two runs that are the same but for their names."""
    for name in ("20261101-080000", "20261102-080000"):
        shutil.copytree(STORED, cli.results / name)
    yield "20261102-080000"
    for run in cli.runs():
        shutil.rmtree(run)


def said(cli: Cli, verb: str, environment: dict[str, str]) -> tuple[int, bytes]:
    """The exit code and every byte that was written."""
    done = subprocess.run(
        [sys.executable, "-m", "bench", verb],
        cwd=ROOT,
        env={**cli.environment, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("verb", "codes", "shown"),
    [
        ("status", {0}, "stopped"),
        ("watch", {0}, "stopped"),
        ("report", {0}, "±"),
        ("history", {0}, "Too few runs"),
        ("compare", {0, 1, 2}, ""),
        ("doctor", {0, 1}, ""),
        ("--help", {0}, "doctor"),
        ("no-such-verb", {2}, "no-such-verb"),
    ],
)
def test_no_verb_stumbles_over_its_own_words(
    cli: Cli, stored: str, latin: dict[str, str], verb: str, codes: set[int], shown: str
) -> None:
    """What the encoding has is written in it, what it has not is replaced; never a traceback."""
    code, told = said(cli, verb, {**latin, "BASE": "20261101-080000", "HEAD": stored})
    assert code in codes, told
    assert b"Traceback" not in told
    assert shown.encode("iso-8859-15") in told
    assert "±".encode() not in told, "UTF-8 on a terminal that has another encoding"


@pytest.mark.parametrize("where", [LATIN, "C"])
def test_files_are_utf_8_and_whole_in_every_locale(
    cli: Cli, stored: str, latin: dict[str, str], where: str
) -> None:
    """A report that is made there is the same as everywhere; so is what a pipe gets of it, but on
    such a terminal."""
    asked = {"RUN": stored, "FORMAT": "html,md,csv"}
    code, told = said(cli, "report", {**latin, "LC_ALL": where, "LANG": where, **asked})
    assert code == 0, told
    assert ("±".encode() in told) == (where != LATIN)
    for name in ("report.html", "report.md", "rounds.csv"):
        text = (cli.results / stored / name).read_text(encoding="utf-8")
        assert text.strip()
    assert "±" in (cli.results / stored / "report.md").read_text(encoding="utf-8")
    assert (cli.results / stored / "report.html").read_text(encoding="utf-8").endswith("</html>")


def test_the_locale_would_be_seen(latin: dict[str, str]) -> None:
    """Without the lab's doing Python writes files in it."""
    told = subprocess.run(
        [sys.executable, "-c", "import locale; print(locale.getencoding())"],
        env={**os.environ, **latin}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout.strip() == "ISO-8859-15"
