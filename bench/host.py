"""What this machine is and how it fares: read from the kernel, never changed."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.placement import Topology, parse_cpulist

_CPU = Path("/sys/devices/system/cpu")
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class CpuTotals:
    """Seconds since boot that some CPUs were busy (steal and I/O wait left out) and stolen."""

    busy_s: float
    steal_s: float


def cpu_totals(cpus: tuple[int, ...]) -> CpuTotals:
    """Totals of these CPUs from /proc/stat, to 10 ms."""
    busy = steal = 0
    wanted = {f"cpu{cpu}" for cpu in cpus}
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name in wanted:
            user, nice, system, _idle, _iowait, irq, softirq, stolen = map(int, fields[:8])
            busy += user + nice + system + irq + softirq
            steal += stolen
    return CpuTotals(busy * _TICK_S, steal * _TICK_S)


def read_text(path: Path) -> str:
    """A small kernel file's text, or "" where the kernel does not offer it."""
    with suppress(OSError):
        return path.read_text().strip()
    return ""


def topology() -> Topology:
    """The CPUs this process may use, with their SMT siblings and NUMA nodes."""
    siblings = {
        parse_cpulist(read_text(path))
        for path in _CPU.glob("cpu[0-9]*/topology/thread_siblings_list")
    }
    nodes = sorted(Path("/sys/devices/system/node").glob("node[0-9]*/cpulist"))
    return Topology(
        cpus=tuple(sorted(os.sched_getaffinity(0))),
        smt_groups=tuple(sorted(siblings)),
        numa_nodes=tuple(parse_cpulist(read_text(path)) for path in nodes),
    )


def _cpu_model() -> str:
    for line in read_text(Path("/proc/cpuinfo")).splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model", "cpu model"):
            return value.strip()
    return platform.processor() or "unknown"


def _virtualisation() -> str:
    """How the machine is virtualised, as far as it shows; "none seen" otherwise."""
    if shutil.which("systemd-detect-virt"):
        found = subprocess.run(
            ["systemd-detect-virt"], capture_output=True, text=True, check=False
        ).stdout.strip()
        if found and found != "none":
            return found
    hypervisor = " hypervisor " in f" {read_text(Path('/proc/cpuinfo'))} ".replace("\n", " ")
    return "a hypervisor" if hypervisor else "none seen"


def _governors() -> tuple[str, ...]:
    files = _CPU.glob("cpu[0-9]*/cpufreq/scaling_governor")
    return tuple(sorted({read_text(path) for path in files} - {""}))


def machine() -> dict[str, object]:
    """What does not change while a run lasts."""
    return {
        "cpu_model": _cpu_model(),
        "cpus_online": os.cpu_count(),
        "cpus_allowed": sorted(os.sched_getaffinity(0)),
        "smt": read_text(_CPU / "smt/control") or "unknown",
        "governors": list(_governors()) or "not offered by the kernel",
        "no_turbo": read_text(_CPU / "intel_pstate/no_turbo"),
        "boost": read_text(_CPU / "cpufreq/boost"),
        "memory_bytes": psutil.virtual_memory().total,
        "swap_bytes": psutil.swap_memory().total,
        "virtualisation": _virtualisation(),
        "system": platform.platform(),
        "kernel": platform.release(),
        "kernel_parameters": read_text(Path("/proc/cmdline")),
        "clocksource": read_text(
            Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
        ),
        "python_executable": os.path.realpath(sys.executable),
        "python_version": platform.python_version(),
        "python_build": sysconfig.get_config_var("CONFIG_ARGS") or "",
    }


def load_now() -> dict[str, object]:
    """How busy the machine is at this moment."""
    one, five, fifteen = os.getloadavg()
    times = psutil.cpu_times()
    return {
        "load_average": [one, five, fifteen],
        "steal_s_since_boot": getattr(times, "steal", 0.0),
        "memory_available_bytes": psutil.virtual_memory().available,
        "processes": len(psutil.pids()),
    }


def _git(root: Path, *arguments: str) -> str:
    if shutil.which("git") is None:
        return ""
    command = ["git", "-c", f"safe.directory={root}", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def source(root: Path) -> dict[str, object]:
    """Which version of the lab this is, and whether it was changed since the commit."""
    lock = root / "uv.lock"
    return {
        "git_commit": _git(root, "rev-parse", "HEAD") or "unknown",
        "git_dirty": bool(_git(root, "status", "--porcelain")),
        "uv_lock_sha256": hashlib.sha256(lock.read_bytes()).hexdigest() if lock.exists() else "",
    }
