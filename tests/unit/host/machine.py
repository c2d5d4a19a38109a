"""A machine in a folder: four CPUs, two cores of two threads, as the kernel would show it."""

from collections.abc import Mapping
from pathlib import Path

from bench.host import KernelTree

CPU = "/sys/devices/system/cpu"

STAT = """\
cpu  400 0 0 4000 0 0 0 40 0 0
cpu0 100 0 0 1000 0 0 0 10 0 0
cpu1 100 0 0 1000 0 0 0 10 0 0
cpu2 100 0 0 1000 0 0 0 10 0 0
cpu3 100 0 0 1000 0 0 0 10 0 0
intr 12345 0 0
"""

INTERRUPTS = """\
           CPU0       CPU1       CPU2       CPU3
  24:         10          0          7          0  PCI-MSIX-0000:00:02.0   0-edge      nvme0q1
  25:          0          0          0          0  PCI-MSIX-0000:00:02.0   1-edge      nvme0q2
  26:          0          0          0         90  IO-APIC   4-edge      eth0
 NMI:          0          0          0          0   Non-maskable interrupts
 LOC:       1000       1000       1000       1000   Local timer interrupts
"""

FILES: Mapping[str, str] = {
    "/proc/stat": STAT,
    "/proc/interrupts": INTERRUPTS,
    "/proc/irq/24/smp_affinity_list": "0-3",
    "/proc/irq/24/effective_affinity_list": "2",
    "/proc/irq/25/smp_affinity_list": "0-3",
    "/proc/irq/26/smp_affinity_list": "3",
    "/proc/irq/26/effective_affinity_list": "3",
    "/proc/loadavg": "0.25 0.50 0.75 1/200 4000",
    "/proc/meminfo": "MemTotal:  8388608 kB\nMemAvailable:  4194304 kB\n"
    "SwapTotal:  2048 kB\nSwapFree:  1024 kB\nHugePages_Total:  0\n",
    "/proc/vmstat": "nr_free_pages 5\npswpin 11\npswpout 22\n",
    "/proc/pressure/cpu": "some avg10=2.50 avg60=0.00 avg300=0.00 total=5",
    "/proc/pressure/io": "some avg10=0.00 avg60=9.00 avg300=0.00 total=5\n"
    "full avg10=7.00 avg60=0.00 avg300=0.00 total=5",
    "/proc/cpuinfo": "model name : Example CPU\nflags : fpu hypervisor sse",
    "/proc/self/cgroup": "0::/lab.slice/run.scope",
    "/proc/self/personality": "00040000",
    "/proc/self/mountinfo": "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate",
    "/proc/sys/kernel/nmi_watchdog": "1",
    "/proc/sys/kernel/randomize_va_space": "2",
    "/proc/sys/kernel/random/boot_id": "first-boot",
    "/sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never",
    f"{CPU}/online": "0-3",
    f"{CPU}/isolated": "2",
    f"{CPU}/nohz_full": "(null)",
    f"{CPU}/intel_pstate/no_turbo": "0",
}


def process(
    pid: int, ticks: int, *, parent: int = 1, name: str = "python", cpu: int = 0
) -> dict[str, str]:
    """The files of one process that has used so many ticks."""
    fields = ["S", str(parent), *["0"] * 9, str(ticks), *["0"] * 24, str(cpu), "0"]
    return {f"/proc/{pid}/stat": f"{pid} ({name}) {' '.join(fields)}"}


def write_files(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")


def make_tree(root: Path, changes: Mapping[str, str] | None = None) -> KernelTree:
    """The machine below `root`, with some files otherwise."""
    per_cpu = {}
    for cpu in range(4):
        folder = f"{CPU}/cpu{cpu}"
        per_cpu |= {
            f"{folder}/topology/thread_siblings_list": "0,2" if cpu % 2 == 0 else "1,3",
            f"{folder}/cpufreq/scaling_governor": "powersave",
            f"{folder}/cpufreq/scaling_available_governors": "performance powersave",
            f"{folder}/cpufreq/scaling_max_freq": "2000000",
            f"{folder}/cpufreq/cpuinfo_max_freq": "3500000",
            f"{folder}/thermal_throttle/core_throttle_count": "1",
            f"{folder}/thermal_throttle/package_throttle_count": "2",
        }
    write_files(root, {**FILES, **per_cpu, **(changes or {})})
    return KernelTree(root)
