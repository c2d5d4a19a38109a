"""Runs the service under uvicorn: `python -m app --port 8000`."""

import argparse
import signal
import sys
from types import FrameType

import uvicorn

from app.protocol import ProblemProtocol


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m app", description="Serve the items API.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    # A single uvicorn process shuts down gracefully and then raises the signal once more, for
    # the handler that was there before it. The default one would end it as if it had been killed.
    signal.signal(signal.SIGTERM, end_cleanly)
    uvicorn.run(
        "app.main:app",
        host=options.host,
        port=options.port,
        http=ProblemProtocol,
        loop="uvloop",
        lifespan="on",
        ws="none",
        proxy_headers=False,
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
    )


def end_cleanly(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
