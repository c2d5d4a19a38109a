"""py-spy on a process under load: its stacks, or why there are none.

It samples the thread that holds Python's lock: with twenty threads that wake each other, "not idle"
is no answer to the question who uses the CPU. The process is not stopped for it: that changes who
gets the lock next. docs/explain.md has the figures.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

RATE_HZ = 200

_NEEDS = (
    "It takes root or CAP_SYS_PTRACE for another user's process, and for one's own a kernel that "
    "lets processes be traced: sysctl kernel.yama.ptrace_scope=0."
)


@dataclass(frozen=True)
class Recording:
    """Folded stacks; "" and `why_not` where nothing was recorded. Late by `behind_s` in the end."""

    folded: str = ""
    why_not: str = ""
    behind_s: float = 0.0


def find_profiler() -> Path | None:
    """py-spy beside this Python, or on PATH."""
    beside = Path(sys.executable).with_name("py-spy")
    found = beside if beside.exists() else shutil.which("py-spy")
    return Path(found) if found else None


def record(
    pid: int,
    duration_s: float,
    meanwhile: Callable[[], None],
    command: tuple[str, ...] | None = None,
) -> Recording:
    """Profile a process for so long while `meanwhile` goes on, which ends after it."""
    profiler = find_profiler()
    if command is None and profiler is None:
        meanwhile()
        return Recording(why_not="py-spy is not installed. It is among the lab's packages.")
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "stacks.txt"
        options = ("record", "--gil", "--nonblocking", "--format", "raw", "--full-filenames")
        asked = (
            *(command or (str(profiler),)),
            *options,
            *("--rate", str(RATE_HZ), "--duration", str(max(1, round(duration_s)))),
            *("--pid", str(pid), "--output", str(output)),
        )
        done = subprocess.Popen(
            asked, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
        )
        try:
            meanwhile()
            _, told = done.communicate(timeout=duration_s + 30)
        except subprocess.TimeoutExpired:
            return Recording(why_not="py-spy did not end")
        finally:
            if done.poll() is None:
                done.kill()
                done.wait()
        text = output.read_text(errors="replace") if output.exists() else ""
    if done.returncode or not text.strip():
        return Recording(why_not=_reason(told))
    return Recording(text, behind_s=_behind_s(told))


def _reason(told: str) -> str:
    """What py-spy said last, with what would help."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    said = next((line for line in reversed(lines) if "rror" in line or "enied" in line), "")
    denied = any(word in told for word in ("Permission", "permission", "Operation not permitted"))
    said = said.removeprefix("Error: ").rstrip(".") or "no thread held Python's lock"
    return f"py-spy: {said}. {_NEEDS}" if denied else f"py-spy: {said}."


def _behind_s(told: str) -> float:
    late = re.findall(r"([\d.]+)s behind in sampling", told)
    return float(late[-1]) if late else 0.0
