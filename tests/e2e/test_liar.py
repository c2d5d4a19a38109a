"""What a window hides: services that answer rightly and do something else, and disturbances."""

import json
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

from .conftest import Cli, while_running

FIXTURE = Path(__file__).parent / "services" / "starlette"
STOPPED_S = 4
LIE = """
    async def post(self, request: Request) -> Response:
        global under_way
        under_way += 1
        try:
            item = await sent_item(request)
            await anyio.sleep(0.002)
            if under_way > 1:
                return JSONResponse({"id": 1_000_000, **item}, 201)
            insert = (
                "INSERT INTO items (name, description, price, in_stock) VALUES (%s, %s, %s, %s)"
                f" RETURNING {COLUMNS}"
            )
            made = await run_in_threadpool(run, insert, *item.values())
            return JSONResponse(the_one(made), 201)
        finally:
            under_way -= 1


under_way = 0
"""


@pytest.fixture(scope="module")
def services(public_folder: Path) -> Path:
    """A service that stores what it is asked singly, and nothing under load."""
    folder = public_folder / "services-of-liars"
    shutil.copytree(FIXTURE, folder / "starlette")
    app = folder / "starlette" / "app.py"
    text = app.read_text()
    begin, end = text.index("    async def post("), text.index("class Item(HTTPEndpoint)")
    text = text[:begin] + LIE.lstrip("\n") + "\n\n" + text[end:]
    plain = "import anyio.to_thread\n"
    app.write_text(text.replace(plain, f"import anyio\n{plain}"))
    return folder


def words_of(process: psutil.Process) -> str:
    """Its command line; nothing when it has ended."""
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def codes(run: Path) -> set[str]:
    """Of all windows of a run."""
    cells = map(json.loads, (run / "rounds.jsonl").read_text().splitlines())
    return {diagnostic["code"] for cell in cells for window in cell["phases"]
            for diagnostic in window["diagnostics"]}  # fmt: skip


def test_a_service_that_stores_nothing_under_load_is_found(cli: Cli, services: Path) -> None:
    """It keeps the contract, singly; its figure is invalid, and the run ends with 1."""
    told = cli.run(
        "bench", expect=1, ONECORE_SERVICES=str(services), FRAMEWORK="starlette",
        WORKLOAD="create", ROUNDS="1",
    )  # fmt: skip
    assert "other-work" in told or "writes were answered" in told
    assert "other-work" in codes(cli.runs()[-1])


def benching(cli: Cli, rounds: int = 2) -> Any:
    """A run of creates under way, with its first cell on disk."""
    before = len(cli.runs())
    process = cli.spawn("bench", FRAMEWORK="flask", WORKLOAD="create", ROUNDS=str(rounds))
    while_running(process, lambda: len(cli.runs()) > before)
    rounds_file = cli.runs()[-1] / "rounds.jsonl"
    while_running(process, lambda: rounds_file.exists() and rounds_file.stat().st_size)
    return process


def test_a_table_that_is_changed_meanwhile_is_told(cli: Cli) -> None:
    """An index that somebody makes in mid-run: provenance has the table as it was."""
    process = benching(cli)
    (passfile,) = cli.state.glob("*/secrets/admin-pgpass")
    with psycopg2.connect(
        host="127.0.0.1", port=5433 + int(cli.environment["PORT_OFFSET"]), user="postgres",
        dbname="testdb_flask", passfile=str(passfile),
    ) as database, database.cursor() as cursor:  # fmt: skip
        cursor.execute("CREATE INDEX meanwhile ON items (name)")
    out, err = process.communicate(timeout=240)
    assert process.returncode in (0, 1), out + err
    assert "database-changed" in codes(cli.runs()[-1])
    cli.run("clean")


@pytest.mark.parametrize(
    ("whose", "code"), [("app", "stood-still"), ("bench.load", "generator-stopped")]
)
def test_who_stands_still_is_told(cli: Cli, whose: str, code: str) -> None:
    """Stopped for some seconds within a window: the figure is invalid, and by whom is said."""
    process = benching(cli, rounds=4)
    wanted = "gunicorn" if whose == "app" else whose
    run = cli.runs()[-1]
    while code not in codes(run) and process.poll() is None:
        # A round has new processes, and not each stop meets a window.
        children = psutil.Process(process.pid).children(recursive=True)
        victims = [child for child in children if wanted in words_of(child)]
        for victim in victims:
            with suppress(psutil.NoSuchProcess):
                victim.suspend()
        time.sleep(STOPPED_S)
        for victim in victims:
            with suppress(psutil.NoSuchProcess):
                victim.resume()
        time.sleep(0.2)
    process.communicate(timeout=240)
    assert code in codes(run)
