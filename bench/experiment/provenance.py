"""The record of a run that begins: its plan, and the circumstances that it begins under."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from bench import host, tuning
from bench.environment import let_through
from bench.errors import TargetUnfit
from bench.experiment.elsewhere import told_of_themselves
from bench.experiment.lab import Lab
from bench.experiment.verify import verify
from bench.model import METHOD, Plan, RunRecord, TargetRecord
from bench.store import SCHEMA_VERSION, RunStore


def overrides(lab: Lab) -> dict[str, tuple[str, ...]]:
    """Files of others that change units of the lab, by unit. Those that nobody changes are out."""
    found = {name: lab.supervisor.overrides(name) for name in lab.all_unit_names()}
    return {name: files for name, files in found.items() if files}


def new_record(lab: Lab, plan: Plan, store: RunStore) -> RunRecord:
    """The record of a run that begins, with the circumstances that it begins under."""
    return RunRecord(
        schema_version=SCHEMA_VERSION,
        run_id=store.directory.name,
        plan=plan,
        placement=lab.placement,
        supervisor="" if plan.target_host else lab.supervisor.name,
        provenance={
            "source": host.source(lab.site.root),
            "environment": let_through(),
            "bind": lab.site.host,
            "port_offset": lab.site.port_offset,
            "machine": {**host.machine(lab.cpus), "tuned": tuning.tuned_names()},
            "load_before": host.load_now(),
            **(told_of_themselves(lab) if plan.target_host else _of_the_services(lab)),
        },
        diagnostics=(),
        started_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        state="running",
        method=METHOD,
        targets=tuple(map(TargetRecord.of, lab.targets)),
    )


def _of_the_services(lab: Lab) -> Mapping[str, object]:
    """What provenance has of services and databases that run here, each verified for it."""
    services: dict[str, object] = {}
    settings: dict[str, object] = {}
    tables: dict[str, object] = {}
    databases: dict[str, object] = {}
    for target in lab.targets:
        with lab.admin(target) as admin:
            # An unfit target is told of by its cells; the others are measured all the same.
            with suppress(TargetUnfit):
                reported = verify(lab.site, target, admin)
                services[target.name] = reported.versions
                settings[target.name] = reported.settings
            tables[target.name] = admin.table()
            databases[target.name] = admin.settings()
    return {
        "postgresql": {
            "version": lab.binaries.version,
            "origin": lab.binaries.origin,
            "directory": str(lab.binaries.directory),
            "store_path": host.store_path(lab.binaries.directory),
        },
        "services": services,
        "settings": settings,
        "tables": tables,
        "databases": databases,
        "overrides": {name: list(files) for name, files in overrides(lab).items()},
    }
