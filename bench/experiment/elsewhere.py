"""Users of services on another machine: what they were answered, without what it cost there."""

import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench import host
from bench.analysis import diagnostics
from bench.errors import LabError
from bench.experiment.engines import LOCUST_FOLDER, ports
from bench.experiment.plan import DEFAULT_ROWS
from bench.experiment.users import WORKLOAD
from bench.load.users.swarm import Swarm
from bench.model import (
    Diagnostic,
    Elsewhere,
    LoadResult,
    LoadSpec,
    Site,
    Target,
    TargetRecord,
    Use,
    Users,
)
from bench.store import new_run_id, write_elsewhere
from bench.workloads import WORKLOADS


def require_listening(base_url: str) -> None:
    """Raises LabError when nobody listens there."""
    address, _, port = base_url.removeprefix("http://").rpartition(":")
    try:
        socket.create_connection((address, int(port)), timeout=5).close()
    except OSError as error:
        raise LabError(
            f"nothing answers at {base_url}: {error.strerror or error}",
            "On that machine: make up BIND=its address; here: TARGET_HOST=the same address.",
        ) from error


def use_elsewhere(
    site: Site,
    targets: tuple[Target, ...],
    pacing: Users,
    *,
    run_time_s: float,
    seed: int,
    target_host: str,
    say: Callable[[str], None],
) -> tuple[Elsewhere, Path]:
    """Let users use each service there in turn. Returns what they saw, and the folder it is in.

    Nothing is verified or reset, and others may use the same databases. What was seen is written
    after each target. Raises LabError where nobody listens, GeneratorFailed and StoreError.
    """
    for target in targets:
        require_listening(_base_url(target, target_host))
    folder = site.results / new_run_id(site.results)
    found = Elsewhere(
        run_id=folder.name,
        target_host=target_host,
        pacing=pacing,
        window_s=run_time_s,
        seed=seed,
        provenance={
            "source": host.source(site.root),
            "machine": host.machine(tuple(sorted(os.sched_getaffinity(0)))),
            "load_before": host.load_now(),
        },
        targets=tuple(map(TargetRecord.of, targets)),
    )
    for target in targets:
        say(f"{target.title} at {target_host}, {run_time_s:g} s ...")
        use = _use(site, target, found, folder)
        found = replace(found, uses=(*found.uses, use))
        write_elsewhere(folder, found)
    return found, folder


def _base_url(target: Target, target_host: str) -> str:
    return f"http://{target_host}:{target.http_port}"


def _use(site: Site, target: Target, asked: Elsewhere, folder: Path) -> Use:
    spec = LoadSpec(
        base_url=_base_url(target, asked.target_host),
        shares=WORKLOADS[WORKLOAD].phases(1, DEFAULT_ROWS)[0].shares,
        pacing=asked.pacing,
        seed=asked.seed,
        duration_s=asked.window_s,
        target=target.name,
        shared_database=True,
    )
    cpus = tuple(os.sched_getaffinity(0))
    with Swarm(cpus, folder / LOCUST_FOLDER, ports(site, asked.pacing)) as swarm:
        swarm.prepare(spec)
        swarm.go()
        load = swarm.collect()
    return Use(target.name, load, _diagnostics_of(load, asked))


def _diagnostics_of(load: LoadResult, asked: Elsewhere) -> tuple[Diagnostic, ...]:
    """What can be doubted without having seen the service."""
    return (
        *diagnostics.requests_failed(load),
        *diagnostics.open_loop_off(load, asked.pacing),
        *diagnostics.users_off(load, asked.window_s),
        *diagnostics.too_few_samples(load, asked.pacing),
    )
