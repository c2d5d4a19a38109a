"""Is there memory enough that nothing waits for it?"""

import re

from bench.host import MachineFacts
from bench.model import Placement
from bench.preflight.check import Check

GIB = 2**30
NEEDED_BYTES = 1 * GIB
"""Three services, three databases with their caches, and the generator, with some room."""


def available(facts: MachineFacts, where: Placement) -> Check:
    """Without free memory the kernel takes back caches, PostgreSQL's files first."""
    del where
    free = facts.memory.available_bytes
    seen = f"{free / GIB:.1f} of {facts.memory.total_bytes / GIB:.1f} GiB available"
    if free >= NEEDED_BYTES:
        return Check("memory", "ok", seen)
    return Check(
        "memory",
        "bad" if free < NEEDED_BYTES / 4 else "doubt",
        seen,
        "the databases' caches would be taken back",
        "See who has it, and stop what is not needed: ps -eo rss,pid,args --sort=-rss | head",
    )


def swap(facts: MachineFacts, where: Placement) -> Check:
    """Swapped pages that rest do no harm; pages that move do."""
    del where
    used = facts.memory.swap_used_bytes
    moved = facts.activity.swapped_pages
    seen = f"{used / GIB:.2f} GiB in use"
    if moved:
        return Check(
            "swap",
            "bad",
            f"{seen}, {moved} pages moved in {facts.activity.seconds:.1f} s",
            "a request that touches a swapped page waits for the disk",
            "Free memory, then: sudo swapoff -a && sudo swapon -a",
        )
    if used:
        return Check(
            "swap",
            "note",
            f"{seen}, nothing moves",
            "what is swapped out comes back when it is touched",
            "sudo swapoff -a && sudo swapon -a",
        )
    return Check("swap", "ok", "none in use")


def huge_pages(facts: MachineFacts, where: Placement) -> Check:
    """With `always` the kernel may stop a process to make a huge page out of small ones."""
    del where
    chosen = re.search(r"\[(\w+)\]", facts.huge_pages)
    mode = chosen[1] if chosen else "not offered"
    if mode != "always":
        return Check("huge pages", "ok", mode)
    return Check(
        "huge pages",
        "note",
        mode,
        "memory is counted in larger steps, and making them can stall a request",
        "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled",
    )
