"""Users of services on another machine, as labs stored them that made no run of it.

Such a folder has `elsewhere.json` in the place of `run.json` and `rounds.jsonl`: what users were
answered by each service, for `window_s`, and the machine where the users ran. Who reads it gets the
same in the form of a run. What it did not keep, such as what Locust itself used, is left out.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

FILE = "elsewhere.json"
_WORKLOAD = "mixed"


def record(stored: Mapping[str, Any], schema_version: int) -> Mapping[str, Any]:
    """The members of its `run.json`. Raises KeyError or TypeError where it is no such file."""
    targets = [use["target"] for use in stored["uses"]]
    return {
        "schema_version": schema_version,
        "run_id": stored["run_id"],
        "plan": {
            "profile": "locust",
            "targets": targets,
            "workloads": [_WORKLOAD],
            "pacing": stored["pacing"],
            "rounds": 1,
            "seed": stored["seed"],
            "rows": 0,
            "window_s": stored["window_s"],
            "requests": 0,
            "warm_up_min_s": 0.0,
            "warm_up_max_s": 0.0,
            "target_host": stored["target_host"],
        },
        "placement": {"app": [], "database": [], "generator": [], "housekeeping": []},
        "supervisor": "",
        "provenance": stored["provenance"],
        "diagnostics": [],
        "started_at": min((_started_at(use["load"]) for use in stored["uses"]), default=""),
        "state": "complete",
        "targets": stored.get("targets", []),
    }


def cells(stored: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The lines of its `rounds.jsonl`: one for each service."""
    return [
        {
            "round": 1,
            "target": use["target"],
            "workload": _WORKLOAD,
            "pacing": stored["pacing"],
            "started_at": _started_at(use["load"]),
            "phases": [
                {
                    "phase": _WORKLOAD,
                    "load": use["load"],
                    "app": None,
                    "database": None,
                    "generator": None,
                    "app_cpus": None,
                    # Files from before this word call them warnings.
                    "diagnostics": use.get("diagnostics", use.get("warnings", [])),
                }
            ],
        }
        for use in stored["uses"]
    ]


def _started_at(load: Mapping[str, Any]) -> str:
    """As records keep it; "" where it is not known."""
    unix_s = load.get("started_at_unix_s")
    if unix_s is None:
        return ""
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds")
