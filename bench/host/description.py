"""What is stored with a run about the machine, its load and the lab's own version."""

import hashlib
import hmac
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.host.cpus import isolated_cpus
from bench.host.git import is_in_its_repository, told
from bench.host.memory import pressure
from bench.kernel import CPUS, REAL, KernelTree
from bench.kernel.process import fields_of

_DMI = "/sys/class/dmi/id"
_MOST_CHANGES = 20
"""So many changed files are named."""

_VIRTUAL_MAKERS = (
    "QEMU", "KVM", "VMware", "VirtualBox", "Virtual Machine", "Xen", "Bochs", "Parallels",
)  # fmt: skip


# What kernels call it: x86, MIPS, POWER, RISC-V.
_MODEL_LINES = ("model name", "cpu model", "cpu", "uarch")
# ARM has numbers instead, which Arm's and the makers' lists of parts explain.
_ARM_LINES = ("CPU implementer", "CPU part", "CPU variant", "CPU revision")


def cpu_model(tree: KernelTree = REAL) -> str:
    """What the CPUs are, each kind once; "unknown" where the kernel does not say."""
    cpus = [fields_of(block) for block in tree.read("/proc/cpuinfo").split("\n\n")]
    models = dict.fromkeys(model for fields in cpus if (model := _model_of(fields)))
    board = _board(tree)
    return " ".join(filter(None, (", ".join(models), f"({board})" if board else ""))) or "unknown"


def _board(tree: KernelTree) -> str:
    return tree.read("/sys/firmware/devicetree/base/model").strip("\0")


def _model_of(fields: Mapping[str, str]) -> str:
    named = {name.strip(): value for name, value in fields.items()}
    for line in _MODEL_LINES:
        if named.get(line):
            return named[line]
    if "CPU implementer" not in named:
        return ""
    maker, part, variant, revision = (named.get(line, "?") for line in _ARM_LINES)
    return f"ARM {maker}/{part} r{_number(variant)}p{revision}"


def _number(text: str) -> str:
    with suppress(ValueError):
        return str(int(text, 0))
    return text


def virtualisation(tree: KernelTree = REAL) -> str:
    """How the machine is virtualised, as far as it shows; "none seen" otherwise.

    A container alone is not virtual: it runs on the machine's own CPUs.
    """
    # The command knows more, but it knows the real machine only.
    if tree == REAL and (found := _detected("--vm")):
        inside = _detected("--container")
        return f"{found}, in {inside}" if inside else found
    flagged = " hypervisor " in f" {tree.read('/proc/cpuinfo')} ".replace("\n", " ")
    # Only x86 has the flag. Others have a maker that is known for making none of metal.
    made = f"{tree.read(f'{_DMI}/sys_vendor')} {tree.read(f'{_DMI}/product_name')}"
    maker = next((name for name in _VIRTUAL_MAKERS if name in made), "")
    xen = tree.read("/sys/hypervisor/type")
    if xen or maker or "virt" in _board(tree):
        return xen or maker or "a hypervisor"
    return "a hypervisor" if flagged else "none seen"


def _detected(kind: str) -> str:
    """What systemd-detect-virt finds of a kind; "" for nothing, or without the command."""
    if shutil.which("systemd-detect-virt") is None:
        return ""
    command = ["systemd-detect-virt", kind]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return "" if found == "none" else found


def _governors(tree: KernelTree) -> tuple[str, ...]:
    files = tree.names(f"{CPUS}/cpu[0-9]*/cpufreq/scaling_governor")
    return tuple(sorted({tree.read(name) for name in files} - {""}))


def _identity(tree: KernelTree) -> Mapping[str, object]:
    """Which machine this is, without telling its machine id, as machine-id(5) asks for.

    Nothing at all where there is no id: containers often have none.
    """
    machine_id = tree.read("/etc/machine-id")
    if not re.fullmatch("[0-9a-f]{32}", machine_id):
        return {}
    digest = hmac.digest(bytes.fromhex(machine_id), b"onecore", "sha256")
    return {"identity": digest.hex()[:16]}


def machine(cpus_allowed: Sequence[int], tree: KernelTree = REAL) -> dict[str, object]:
    """What does not change while a run lasts.

    `cpus_allowed` are those that the lab was given: it confines itself to a part of them.
    """
    return {
        **_identity(tree),
        "cpu_model": cpu_model(tree),
        "cpus_online": os.cpu_count(),
        "cpus_allowed": sorted(cpus_allowed),
        "isolated": list(isolated_cpus(tree)),
        "smt": tree.read(f"{CPUS}/smt/control") or "unknown",
        "governors": list(_governors(tree)) or "not offered by the kernel",
        "no_turbo": tree.read(f"{CPUS}/intel_pstate/no_turbo"),
        "boost": tree.read(f"{CPUS}/cpufreq/boost"),
        "memory_bytes": psutil.virtual_memory().total,
        "swap_bytes": psutil.swap_memory().total,
        "virtualisation": virtualisation(tree),
        "system": platform.platform(),
        "kernel": platform.release(),
        "kernel_parameters": tree.read("/proc/cmdline"),
        "clocksource": tree.read(
            "/sys/devices/system/clocksource/clocksource0/current_clocksource"
        ),
        "huge_pages": tree.read("/sys/kernel/mm/transparent_hugepage/enabled"),
        "python_executable": os.path.realpath(sys.executable),
        "python_store_path": store_path(Path(sys.executable)),
        "python_version": platform.python_version(),
        "python_build": sysconfig.get_config_var("CONFIG_ARGS") or "",
    }


def load_now(tree: KernelTree = REAL) -> dict[str, object]:
    """How busy the machine is at this moment."""
    one, five, fifteen = os.getloadavg()
    times = psutil.cpu_times()
    return {
        "load_average": [one, five, fifteen],
        "steal_s_since_boot": getattr(times, "steal", 0.0),
        "pressure_10s": dict(pressure(tree)),
        "memory_available_bytes": psutil.virtual_memory().available,
        "processes": len(psutil.pids()),
    }


def _fingerprint(path: Path) -> str:
    """The sha256 of a file, or "" where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def store_path(path: Path, store: Path = Path("/nix/store")) -> str:
    """The path in the Nix store that holds `path` ("/nix/store/<hash>-<name>"); "" outside it.

    It names every byte of what ran. Links are followed only from outside the store: an environment
    made of links is a store path of its own.
    """
    for place in (path.absolute(), path.resolve()):
        if place.is_relative_to(store) and place != store:
            return str(store / place.relative_to(store).parts[0])
    return ""


@dataclass(frozen=True)
class _Commit:
    """A commit, whether anything was changed since (None where that is not known), and which files
    as far as git can name them.
    """

    name: str
    dirty: bool | None = None
    changes: tuple[str, ...] = ()


def _commit(root: Path) -> _Commit:
    """The commit that the code is of. In the Nix store a file tells it."""
    commit = told(root, "rev-parse", "HEAD") if is_in_its_repository(root) else None
    if commit:
        # -z: names as they are, one change an entry, "XY name". Renames have no second entry.
        status = told(root, "status", "--porcelain", "--no-renames", "-z")
        if status is None:
            return _Commit(commit)
        changes = tuple(entry[3:] for entry in status.split("\0") if entry)
        return _Commit(commit, bool(changes), changes[:_MOST_CHANGES])
    packaged = root / "COMMIT"
    if not packaged.exists():
        return _Commit("unknown")
    text = packaged.read_text().strip()
    return _Commit(text.removesuffix("-dirty"), text.endswith("-dirty"))


def source(root: Path) -> dict[str, object]:
    """Which version of the lab this is, and what was changed since the commit."""
    commit = _commit(root)
    return {
        "git_commit": commit.name,
        "git_dirty": commit.dirty,
        "git_changes": list(commit.changes),
        "store_path": store_path(root),
        "uv_lock_sha256": _fingerprint(root / "uv.lock"),
        "flake_lock_sha256": _fingerprint(root / "flake.lock"),
        "openapi_sha256": _fingerprint(root / "services" / "openapi.yaml"),
    }
