"""Gunicorn's settings, the same as those of the frameworks."""

import os
from pathlib import Path
from typing import Any

workers = 1
worker_class = "gthread"
threads = int(os.environ.get("SERVER_THREADS", "20"))
keepalive = 75

# The application is loaded before the worker is forked: a broken one ends the server at once.
preload_app = True
# Whoever stops the whole service for a while, and lets it go on, would find its worker killed.
timeout = 0
# Its default is one socket in the home directory for all Gunicorns of a user.
control_socket_disable = True
# No proxy is in front: the path is the one in the request line, whatever the headers say.
forwarder_headers = ""
# The worker's sign of life belongs into memory: writing it to a slow disk would stall the worker.
if Path("/dev/shm").is_dir():  # noqa: S108 - Gunicorn makes an unnamed file there
    worker_tmp_dir = "/dev/shm"  # noqa: S108


def post_worker_init(worker: Any) -> None:
    """The application learns how it is served; /readyz tells it."""
    from health import SETTINGS  # not before the application is loaded

    SETTINGS.update(
        workers=worker.cfg.workers,
        server_threads=worker.cfg.threads,
        keepalive_s=worker.cfg.keepalive,
        access_log=worker.cfg.accesslog is not None,
    )
