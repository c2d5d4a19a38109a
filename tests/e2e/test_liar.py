"""What a window hides: services that answer rightly and do something else, and disturbances."""

import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

from .conftest import ANY, Cli, while_running

FIXTURE = Path(__file__).parent / "services" / "starlette"
STOPPED_S = 2
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


def diagnostics(run: Path, first: int = 0) -> set[tuple[str, str]]:
    """Code and severity of what is said of all windows of a run, from its `first` cell on."""
    cells = map(json.loads, (run / "rounds.jsonl").read_text().splitlines()[first:])
    return {
        (diagnostic["code"], diagnostic["severity"])
        for cell in cells
        for window in cell["phases"]
        for diagnostic in window["diagnostics"]
    }


def codes(run: Path, first: int = 0) -> set[str]:
    """Of all windows of a run, from its `first` cell on."""
    return {code for code, _ in diagnostics(run, first)}


def cells_of(run: Path) -> int:
    """How many it has so far."""
    return len((run / "rounds.jsonl").read_text().splitlines())


class UnderWay:
    """A run of creates that goes on while it is disturbed; begun anew when it is not under way."""

    def __init__(self, cli: Cli) -> None:
        self.cli = cli
        self.process: Any = None

    def begin(self) -> tuple[Any, Path, int]:
        """The process, the run's folder, and its first cell that nobody can have disturbed yet:
        the one after the cell that is being measured.
        """
        if self.process is None or self.process.poll() is not None:
            self.process = benching(self.cli, rounds=500)
        run = self.cli.runs()[-1]
        return self.process, run, cells_of(run) + 1

    def end(self) -> None:
        """What is still to come tells nothing more."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            out, err = self.process.communicate(timeout=240)
            assert self.process.returncode == 130, out + err


@pytest.fixture(scope="module")
def under_way(cli: Cli) -> Iterator[UnderWay]:
    """One run for all who disturb some: to begin another would take longer than to find out."""
    run = UnderWay(cli)
    yield run
    run.end()


@pytest.fixture
def alone(under_way: UnderWay) -> None:
    """Nothing is measured: the test begins a run of its own."""
    under_way.end()


@pytest.mark.usefixtures("alone")
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
    process = cli.begin("bench", FRAMEWORK=ANY.name, WORKLOAD="create", ROUNDS=str(rounds))
    while_running(process, lambda: len(cli.runs()) > before)
    rounds_file = cli.runs()[-1] / "rounds.jsonl"
    while_running(process, lambda: rounds_file.exists() and rounds_file.stat().st_size)
    return process


def superuser(cli: Cli) -> Any:
    """A connection to the database that is measured, as its superuser."""
    (passfile,) = cli.state.glob("*/secrets/admin-pgpass")
    return psycopg2.connect(
        host="127.0.0.1",
        port=ANY.database_port + int(cli.environment["PORT_OFFSET"]),
        user="postgres",
        dbname=ANY.database_name,
        passfile=str(passfile),
    )


def processes_of(process: Any, words: str) -> list[psutil.Process]:
    """A run's processes with these words in their command line; a parent before its children."""
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if words in words_of(child)]


def cpu_s(processes: list[psutil.Process]) -> float:
    """What they have used so far, as far as they still run."""
    used = 0.0
    for process in processes:
        with suppress(psutil.Error):
            times = process.cpu_times()
            used += times.user + times.system
    return used


def is_asked(process: Any) -> bool:
    """Whether a load is under way: who answers it and who sends it have both used a CPU."""
    with suppress(psutil.NoSuchProcess):
        # Looked up once: who asks again and again uses a core that the run needs.
        children = psutil.Process(process.pid).children(recursive=True)
        sides = [
            [child for child in children if words in words_of(child)]
            for words in ("gunicorn", "bench.load")
        ]
        before = [cpu_s(side) for side in sides]
        time.sleep(0.05)
        return all(cpu_s(side) > used for side, used in zip(sides, before, strict=True))
    return False


def disturbed(under_way: UnderWay, disturb: Callable[[Any], None], code: str) -> set[str]:
    """A `disturb` that happens again and again until a window is invalid with `code`: a round has
    new processes, and a load may be a warm-up. Returns all codes that were told meanwhile.
    """
    process, run, first = under_way.begin()

    def told() -> bool:
        return (code, "invalid") in diagnostics(run, first)

    while not told() and process.poll() is None:
        if is_asked(process):
            disturb(process)
    assert told(), "".join(process.communicate(timeout=240))
    return codes(run, first)


@pytest.mark.usefixtures("alone")
def test_a_table_that_is_changed_meanwhile_is_told(cli: Cli) -> None:
    """An index that somebody makes in mid-run: provenance has the table as it was."""
    process = benching(cli)
    with superuser(cli) as database, database.cursor() as cursor:
        cursor.execute("CREATE INDEX meanwhile ON items (name)")
    out, err = process.communicate(timeout=240)
    assert process.returncode in (0, 1), out + err
    assert "database-changed" in codes(cli.runs()[-1])
    cli.run("clean")


@pytest.mark.parametrize(
    ("whose", "code"), [("gunicorn", "stood-still"), ("bench.load", "generator-stopped")]
)
def test_who_stands_still_is_told(under_way: UnderWay, whose: str, code: str) -> None:
    """Stopped for some seconds within a window: the figure is invalid, and by whom is said."""

    def stop_for_a_while(process: Any) -> None:
        victims = processes_of(process, whose)
        for victim in victims:
            with suppress(psutil.NoSuchProcess):
                victim.suspend()
        time.sleep(STOPPED_S)
        for victim in victims:
            with suppress(psutil.NoSuchProcess):
                victim.resume()

    disturbed(under_way, stop_for_a_while, code)


def test_a_table_that_is_locked_for_a_while_is_told(under_way: UnderWay) -> None:
    """Requests wait for it: the window was longer than planned, and that is not the generator's."""

    def lock(_: Any) -> None:
        # The server may just be going down: its run has ended then.
        with (
            suppress(psycopg2.Error),
            superuser(under_way.cli) as database,
            database.cursor() as cursor,
        ):
            cursor.execute("LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
            time.sleep(STOPPED_S)

    assert "generator-stopped" not in disturbed(under_way, lock, "stood-still")


def test_a_worker_that_is_replaced_in_a_window_is_told(under_way: UnderWay) -> None:
    """It ends in good order and its server starts another: the unit's first process stays."""

    def end_the_worker(process: Any) -> None:
        time.sleep(0.5)
        _, *workers = processes_of(process, "gunicorn") or [None]
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.terminate()

    disturbed(under_way, end_the_worker, "workers-replaced")


def test_another_client_is_told(under_way: UnderWay) -> None:
    """Somebody is connected to the service while it is measured, and may be asking it."""
    process, run, first = under_way.begin()
    address = ("127.0.0.1", ANY.http_port + int(under_way.cli.environment["PORT_OFFSET"]))
    while "other-clients" not in codes(run, first) and process.poll() is None:
        # A round has new processes: there may be nobody just now, or somebody who has just gone.
        with suppress(OSError), socket.create_connection(address) as client:
            client.settimeout(1)
            client.recv(1)
        time.sleep(0.1)
    assert ("other-clients", "doubt") in diagnostics(run, first)
    assert process.poll() is None


@pytest.mark.skipif(len(os.sched_getaffinity(0)) == 1, reason="there is one CPU to run on")
def test_an_app_that_is_moved_to_another_core_is_told(under_way: UnderWay) -> None:
    """Whoever does it, and whenever: it was on its own at the start of each round."""

    def move(process: Any) -> None:
        for server in processes_of(process, "gunicorn"):
            with suppress(OSError, psutil.NoSuchProcess):
                for thread in server.threads():
                    os.sched_setaffinity(thread.id, {min(os.sched_getaffinity(0))})

    disturbed(under_way, move, "off-placement")
