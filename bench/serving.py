"""The results folder for a browser on this machine alone: its files, and nothing else.

Files are served by Starlette's StaticFiles, which keeps to its folder: neither `..` nor a symbolic
link leads out of it. The index is one of them, written with each run.
"""

import errno
import mimetypes
import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bench.errors import PortTaken, SetupError, UsageError
from bench.report.render.html import script_sources
from bench.report.render.library import vega_code

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

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
"""What reports say of themselves, for every other file too: nothing is fetched from elsewhere."""

_OWN_PAGE = re.compile(r"/([^/]+/(report|compared-with-[^/]+)\.html|(index|history)?(\.html)?)?")
"""Pages that the lab has written: their scripts are known."""

_HEADERS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


class _ResultFiles(StaticFiles):
    """The files, without hidden ones; a folder's `index.html` stands for it."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        if any(part.startswith(".") for part in Path(path).parts):
            return "", None
        return super().lookup_path(path)


def policy_for(path: str, own_scripts: str) -> str:
    """What a page may do. The lab's own run the lab's scripts, by their hashes, and no others; a
    page that somebody else has made (Locust's report) runs its own, and has no origin.
    """
    if _OWN_PAGE.fullmatch(path):
        return f"{_POLICY}; script-src {own_scripts} 'unsafe-eval'"
    return f"{_POLICY}; script-src 'unsafe-inline' 'unsafe-eval'; sandbox allow-scripts"


class _WithHeaders:
    """Adds `_HEADERS` and the path's policy to every answer."""

    def __init__(self, app: ASGIApp, own_scripts: str) -> None:
        self._app = app
        self._own_scripts = own_scripts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_more(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = policy_for(scope["path"], self._own_scripts)
                own = {**_HEADERS, "content-security-policy": policy}
                more = [(name.encode(), value.encode()) for name, value in own.items()]
                message["headers"] = [*message.get("headers", []), *more]
            await send(message)

        await self._app(scope, receive, send_more)


def make_app(results: Path, cache: Path | None = None) -> Starlette:
    """The site: the files in `results`, its index at /. The plots' code is kept in `cache`."""
    own_scripts = str(script_sources(vega_code(cache)))
    for suffix, kind in _TYPES.items():
        mimetypes.add_type(kind, suffix)
    return Starlette(
        # A folder that is not there yet is an empty one.
        routes=[Mount("/", _ResultFiles(directory=results, html=True, check_dir=False))],
        middleware=[
            Middleware(_WithHeaders, own_scripts=own_scripts),
            # A page elsewhere that points its own name at 127.0.0.1 must not read this.
            Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"]),
        ],
    )


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


def serve(results: Path, listening: socket.socket, cache: Path | None = None) -> None:
    """Answer until SIGINT or SIGTERM, which goes on to the caller as a KeyboardInterrupt."""
    config = uvicorn.Config(
        make_app(results, cache),
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        # A browser's kept connections must not hold up the way out.
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[listening])
