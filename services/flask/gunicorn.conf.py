"""Gunicorn's settings. The address comes from the command line."""

import gc
from pathlib import Path
from typing import Any

wsgi_app = "wsgi:app"
# The application is loaded before the worker is forked: a broken one ends the server at once.
preload_app = True

workers = 1
worker_class = "inventory.worker.ProblemWorker"  # gthread
threads = 20
keepalive = 75
# No deadline for the worker's heartbeat. Whoever stops the whole service for a while, and lets it
# go on, would find its worker killed: the time has passed, and the heart could not beat.
timeout = 0

accesslog = None
# Its default is one socket in the home directory for all Gunicorns of a user.
control_socket_disable = True
if Path("/dev/shm").is_dir():  # noqa: S108 - Gunicorn makes an unnamed file there, in memory
    worker_tmp_dir = "/dev/shm"  # noqa: S108
# The longest request line Gunicorn takes: a long id is an unknown item, not a bad request.
limit_request_line = 8190
# No proxy is in front: the path is the one in the request line, whatever the headers say.
forwarder_headers = ""


def post_worker_init(worker: Any) -> None:
    """The application learns how it is served.

    And what was loaded at start stays; the collector need not look at it again.
    """
    worker.wsgi.config["SERVER"] = {
        "workers": worker.cfg.workers,
        "server_threads": worker.cfg.threads,
        "keepalive_s": worker.cfg.keepalive,
        "access_log": worker.cfg.accesslog is not None,
    }
    gc.collect()
    gc.freeze()
