"""The server: one process, twenty threads, connections kept open."""

import os
from pathlib import Path
from typing import Any

workers = 1
worker_class = "gthread"
threads = int(os.environ.get("SERVER_THREADS", "20"))
keepalive = 75

# No deadline for the worker's heartbeat. Whoever stops the whole service for a while, and lets it
# go on, would find its worker killed: the time has passed, and the heart could not beat.
timeout = 0

# No proxy stands in front that could tell another path than the request line does.
forwarder_headers = ""

# The heartbeat file belongs in memory. On a disk, a slow write can stall the worker.
MEMORY = "/dev/shm"  # noqa: S108  (Gunicorn makes a file of its own in it, mode 0600)
worker_tmp_dir = MEMORY if Path(MEMORY).is_dir() else None

# The control socket is one file in the home directory, shared by every Gunicorn of that user.
control_socket_disable = True

# Load before the fork: a broken setting stops the start, instead of a worker again and again.
preload_app = True


def post_worker_init(worker: Any) -> None:
    """/readyz learns how it is served."""
    from config.health import SERVER  # Django is set up by now, and not before

    SERVER.update(
        workers=worker.cfg.workers,
        server_threads=worker.cfg.threads,
        keepalive_s=worker.cfg.keepalive,
        access_log=worker.cfg.accesslog is not None,
    )
