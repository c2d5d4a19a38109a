"""What of the caller's environment reaches the lab and whatever it starts: this list, nothing else.

Dozens of programs are configured by variables: Gunicorn and Uvicorn (GUNICORN_CMD_ARGS,
WEB_CONCURRENCY), PostgreSQL's clients (PG*), Locust (LOCUST_*), git (GIT_*), Python itself, the C
library, proxies. A shell exports them for other purposes, and here they would change what is
measured, unseen. So `bench/__main__.py` starts the lab anew with an environment made of what is let
through, in Python's isolated mode, and every process that the lab starts gets what the lab has, or
less: `composed` for those that are measured or make load.

Whoever needs another variable adds it here, with the reason. It needs nothing but the standard
library, as it runs before anything else is imported.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

LAB_VARIABLES: Mapping[str, str] = {
    "BIND": "the address where the services listen (127.0.0.1)",
    "PORT_OFFSET": "moves all ports as a block; such a lab has databases of its own",
    "SUPERVISOR": "who runs the services: systemd or process; chosen by the machine when left out",
    "ONECORE_PYTHON": "the Python to run with, instead of making .venv",
    "ONECORE_PG_BIN": "the folder of PostgreSQL 18's binaries",
    "ONECORE_SERVICES": "more folders of frameworks beside services/, with colons between them",
    "ONECORE_USER": "the user that databases and systemd's services run as when root calls the lab",
    "ONECORE_STATE": "where databases, logs and passwords are kept (.lab)",
    "ONECORE_RESULTS": "where runs are kept (results)",
    "ONECORE_LOCKS": "another lock than the machine's: a lab that others need not wait for",
}
"""What every verb takes."""

VERB_VARIABLES = frozenset(
    {
        "ARRIVALS", "BASE", "CONCURRENCY", "CORE_HOUR", "ENV", "FAIL_ON", "FORCE", "FORMAT",
        "FRAMEWORK", "HEAD", "MASTER", "MAX_FAIL", "MODE", "OBJECTIVE_MS", "PROFILE", "RATE",
        "REQUESTS", "RESUME", "ROUNDS", "RUN", "RUN_TIME", "SEED", "SERVE", "SERVE_PORT", "SHAPE",
        "SPAWN_RATE", "STRICT", "TARGET_HOST", "THRESHOLD", "THROUGHPUT", "USERS", "WAIT", "WITH",
        "WORKERS", "WORKLOAD",
    }
)  # fmt: skip
"""What single verbs take as options."""

LET_THROUGH: Mapping[str, str] = {
    "MAKEFLAGS": "tells which variables were given to make, so that idle ones are refused",
    "PATH": "where tools are found: git, systemctl, setpriv, taskset",
    "HOME": "psql's history, and folders of the user's own",
    "TMPDIR": "temporary files",
    "TZ": "times are shown in the user's zone",
    "LANG": "the terminal's encoding",
    "LC_ALL": "the terminal's encoding",
    "LC_CTYPE": "the terminal's encoding",
    "LOCALE_ARCHIVE": "where Nix keeps locales",
    "LOCPATH": "where locales are kept elsewhere",
    "TERM": "what the terminal can show",
    "COLORTERM": "what the terminal can show",
    "COLUMNS": "how wide the terminal is",
    "LINES": "how high the terminal is",
    "NO_COLOR": "output without colours",
    "FORCE_COLOR": "output with colours",
    "PAGER": "psql's pager",
    "EDITOR": "psql's editor",
    "XDG_RUNTIME_DIR": "where the user's own systemd is reached",
    "DBUS_SESSION_BUS_ADDRESS": "where the user's own systemd is reached",
    "LD_LIBRARY_PATH": "libraries that this Python itself needs to be loaded",
}
"""What is not the lab's own and reaches it all the same, each with its reason."""

FETCHING = (
    "http_proxy", "https_proxy", "all_proxy", "no_proxy",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_CACHE_HOME",
    "UV_CACHE_DIR", "UV_NO_CACHE", "UV_LINK_MODE", "UV_OFFLINE", "UV_SYSTEM_CERTS",
    "UV_NATIVE_TLS", "UV_INSECURE_HOST", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL", "UV_KEYRING_PROVIDER", "UV_HTTP_TIMEOUT", "UV_HTTP_RETRIES",
    "UV_REQUEST_TIMEOUT", "UV_COMPILE_BYTECODE_TIMEOUT", "UV_CONCURRENT_DOWNLOADS",
    "UV_CONCURRENT_BUILDS", "UV_CONCURRENT_INSTALLS",
)  # fmt: skip
"""How packages are fetched: for uv alone, when it makes an environment. `bench/bootstrap.sh` lets
the same through. They reach the lab under other names, by which nothing else is configured."""

_FOR_UV = "ONECORE_FOR_UV_"

REACHES_SERVICES = ("LD_LIBRARY_PATH",)
"""Of those: what services and load generators get, too. Whatever this Python needs, theirs does."""

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
"""For whoever loads numpy: one thread is enough, and others spin beside what is measured."""

_MARK = "insulated"


def insulated(environment: Mapping[str, str]) -> dict[str, str]:
    """What is let through of an environment."""
    kept = (f"{_FOR_UV}{name}" for name in FETCHING)
    names = {*LAB_VARIABLES, *VERB_VARIABLES, *LET_THROUGH, *kept}
    for_uv = {f"{_FOR_UV}{name}": environment[name] for name in FETCHING if name in environment}
    return {**for_uv, **{name: value for name, value in environment.items() if name in names}}


def insulate() -> None:
    """Go on in Python's isolated mode, with nothing but what is let through.

    Replaces this process, unless that has been done. What is particular to how it was started
    (`-m bench`, a folder in PYTHONPATH) does not matter: the package is named by its folder.
    """
    if _MARK not in sys._xoptions:
        command = lab_command(*sys.argv[1:])
        os.execve(command[0], command, {**insulated(os.environ), **ONE_THREAD})


def lab_command(*arguments: str) -> list[str]:
    """What calls this lab, from any folder, insulated from the start."""
    package = Path(__file__).resolve().parent
    # Every file is UTF-8, whatever the locale says. Only the terminal has an encoding of its own:
    # see bench/cli/main.py.
    return [sys.executable, "-I", "-X", "utf8", "-X", _MARK, str(package), *arguments]


def composed(**own: str) -> dict[str, str]:
    """The environment of a process that is measured or makes load: `own`, and what it cannot do
    without. It has no home, so that nobody's settings are found there.
    """
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C.UTF-8",
        "HOME": "/nonexistent",
        **reaching_services(),
        **own,
    }


def fetching() -> dict[str, str]:
    """The environment of uv: what it is told of how packages are fetched, and no settings else."""
    own = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")
    known = {name: os.environ[name] for name in own if name in os.environ}
    told = {
        name.removeprefix(_FOR_UV): value
        for name, value in os.environ.items()
        if name.startswith(_FOR_UV)
    }
    return {**known, **told, "LC_ALL": "C.UTF-8", "UV_NO_CONFIG": "1"}


def reaching_services() -> dict[str, str]:
    """What of the caller's environment reaches services and load generators."""
    return {name: os.environ[name] for name in REACHES_SERVICES if name in os.environ}


def lab_variables() -> dict[str, str]:
    """The lab's own variables, as far as they are set: which lab this is."""
    return {name: os.environ[name] for name in LAB_VARIABLES if name in os.environ}


def verb_variables() -> dict[str, str]:
    """The options of verbs, as far as they are set in the environment."""
    return {name: os.environ[name] for name in sorted(VERB_VARIABLES) if name in os.environ}


def let_through() -> dict[str, object]:
    """For a run's provenance: what reached its services, and the names of what reached the lab."""
    return {"services": reaching_services(), "lab": sorted(insulated(os.environ))}
