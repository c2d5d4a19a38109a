"""The lines of /proc/PID/status by name, as proc_pid_status(5) has them.

Never by place: which lines there are, and in which order, differs from kernel to kernel. Since 6.6
x86 writes `x86_Thread_features` after the context switches, which were last until then.
"""

from collections.abc import Mapping
from pathlib import Path


def fields_of(text: str) -> dict[str, str]:
    """The value of each line by its name, without the white space around it."""
    lines = (line.partition(":") for line in text.splitlines())
    return {name: value.strip() for name, _, value in lines}


def process_status(pid: int) -> dict[str, str]:
    """The fields of a process. Raises FileNotFoundError or ProcessLookupError when it is gone."""
    return fields_of(Path(f"/proc/{pid}/status").read_text())


def thread_status(pid: int, thread: int) -> dict[str, str]:
    """The fields of one of its threads. Raises as `process_status` does."""
    return fields_of(Path(f"/proc/{pid}/task/{thread}/status").read_text())


def size_bytes(fields: Mapping[str, str], name: str) -> int:
    """The size that a field such as `VmHWM` gives in kB. Raises KeyError where it has none."""
    return int(fields[name].removesuffix("kB")) * 1024
