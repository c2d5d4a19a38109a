"""The results folder as pages, for a browser on this machine alone. Nothing here writes.

Files are served by Starlette's StaticFiles, which keeps to its folder: neither `..` nor a symbolic
link leads out of it. The index is made from the runs at each visit.
"""

import errno
import mimetypes
import os
import socket
from collections.abc import Mapping
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bench.errors import PortTaken, SetupError, StoreError, UsageError
from bench.report.html.render import render
from bench.report.index import (
    Filter,
    RunSummary,
    folder_document,
    index_document,
    summary_of,
)
from bench.store import RunStore, stored_runs

HOST = "127.0.0.1"

# Set here, so that they do not depend on the machine's own table.
_TYPES: Mapping[str, str] = {
    ".html": "text/html",
    ".md": "text/markdown",
    ".csv": "text/csv",
    ".json": "application/json",
    # One JSON object a line: no browser shows it otherwise.
    ".jsonl": "text/plain",
    ".log": "text/plain",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".parquet": "application/vnd.apache.parquet",
}

# What reports say of themselves, for every other file too: nothing is fetched from elsewhere.
_HEADERS: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; "
        "img-src 'self' data:; font-src data:; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


class Summaries:
    """Every stored run in one line, read again only when its files have changed."""

    def __init__(self, results: Path) -> None:
        self._results = results
        self._known: dict[str, tuple[object, RunSummary]] = {}

    def newest_first(self) -> list[RunSummary]:
        found = [self._summary(store) for store in stored_runs(self._results)]
        return sorted(found, key=lambda run: run.run_id, reverse=True)

    def _summary(self, store: RunStore) -> RunSummary:
        run_id = store.directory.name
        has_page = (store.directory / "report.html").exists()
        state = (_stamp(store.record), _stamp(store.rounds), has_page)
        known = self._known.get(run_id)
        if known and known[0] == state:
            return known[1]
        try:
            made = summary_of(store.read()[0], has_page=has_page)
        except (StoreError, OSError) as error:
            made = RunSummary(run_id, problem=str(error).splitlines()[0])
        self._known[run_id] = (state, made)
        return made


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


class _Files(StaticFiles):
    """The files, without hidden ones."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        if _hidden(Path(path)):
            return "", None
        return super().lookup_path(path)


class _WithHeaders:
    """Adds `_HEADERS` to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_more(message: Message) -> None:
            if message["type"] == "http.response.start":
                more = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
                message["headers"] = [*message.get("headers", []), *more]
            await send(message)

        await self._app(scope, receive, send_more)


def make_app(results: Path) -> Starlette:
    """The site: the index at /, each run's files at /<run-id>/, and the files themselves."""
    for suffix, kind in _TYPES.items():
        mimetypes.add_type(kind, suffix)
    summaries = Summaries(results)

    def index(request: Request) -> HTMLResponse:
        wanted = Filter.of(request.query_params)
        has_history = (results / "history.html").exists()
        document = index_document(summaries.newest_first(), wanted, has_history=has_history)
        return HTMLResponse(render(document))

    def folder(request: Request) -> HTMLResponse:
        run_id = request.path_params["run_id"]
        # Only what is listed as a run: a name from outside never becomes a path.
        store = next((one for one in stored_runs(results) if one.directory.name == run_id), None)
        if store is None:
            raise HTTPException(404)
        return HTMLResponse(render(folder_document(run_id, _files_of(store.directory))))

    return Starlette(
        routes=[
            Route("/", index),
            Route("/{run_id}/", folder),
            # A folder that is not there yet is an empty one.
            Mount("/", _Files(directory=results, check_dir=False)),
        ],
        middleware=[
            Middleware(_WithHeaders),
            # A page elsewhere that points its own name at 127.0.0.1 must not read this.
            Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"]),
        ],
    )


def _files_of(directory: Path) -> list[tuple[str, int]]:
    return sorted(
        (str(path.relative_to(directory)), path.stat().st_size)
        for path in directory.rglob("*")
        if path.is_file() and not path.is_symlink() and not _hidden(path.relative_to(directory))
    )


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def listen(port: int) -> socket.socket:
    """A socket on this machine's own address; 0 takes any free port.

    Raises UsageError for a number that is no port, PortTaken and SetupError where it cannot be had.
    """
    if not 0 <= port <= 65_535:
        raise UsageError(f"SERVE_PORT={port} is not a port", "Choose 1024 to 65535.")
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"port {port} is taken by another process",
                f"Stop it, or choose another one: SERVE_PORT={port + 1}.",
            ) from error
        raise SetupError(
            f"port {port} cannot be had: {error.strerror}",
            "Choose one above 1023.",
        ) from error


def serve(results: Path, listening: socket.socket) -> None:
    """Answer until SIGINT or SIGTERM, which goes on to the caller as a KeyboardInterrupt."""
    config = uvicorn.Config(
        make_app(results),
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        # A browser's kept connections must not hold up the way out.
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[listening])
