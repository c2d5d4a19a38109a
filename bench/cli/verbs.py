"""Which verbs there are, and which function is each.

A function is named, not imported: its module is loaded when its verb is called. What looks or stops
(`status`, `down`) loads nothing of what measures or reports.
"""

from collections.abc import Mapping

from cyclopts import App

VERBS: Mapping[str, str] = {
    "up": "services:up",
    "down": "services:down",
    "status": "services:status",
    "watch": "services:watch",
    "logs": "services:logs",
    "psql": "services:psql",
    "clean": "services:clean",
    "bench": "measuring:measure",
    "sweep": "measuring:sweep",
    "saturate": "measuring:saturate",
    "selftest": "measuring:selftest",
    "explain": "explaining:explain",
    "ab": "ab:ab",
    "locust": "users:locust",
    "stress": "users:stress",
    "locust-master": "users:locust_master",
    "locust-worker": "users:locust_worker",
    "locust-ui": "users:locust_ui",
    "crosscheck": "users:crosscheck",
    "report": "results:report",
    "compare": "results:compare",
    "history": "browsing:history",
    "serve": "browsing:serve",
    "doctor": "machine:doctor",
    "tune": "machine:tune",
    "untune": "machine:untune",
    "isolate": "machine:isolate",
    "unisolate": "machine:unisolate",
    "prepare": "declared:prepare",
    "provision": "declared:provision",
    "lab": "lab:lab",
}
"""Each verb, and its function in a module beside this one; `lab` is a group of verbs."""

app = App(
    name="bench",
    help="Onecore: what does one dedicated core buy you with each framework?",
    version_flags=[],
)
for _name, _function in VERBS.items():
    app.command(f"bench.cli.{_function}", name=_name)


def load_all() -> None:
    """Load every verb, so that help can tell what each is for."""
    for name in app:
        app[name]
