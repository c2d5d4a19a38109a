"""Which CPU serves what: a pure function of the machine's topology.

The rules, in order of weight:

1. The app under test has a physical core to itself. Its SMT sibling stays idle.
2. Housekeeping takes the core of CPU 0, where most machines handle their interrupts.
3. Database and generator have cores of their own, on the app's NUMA node if it has enough.
4. What the machine cannot give is shared, the database with housekeeping first, and said so.

On a larger machine the rest stays idle: a benchmark that spreads is harder to repeat.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.model import Placement

DATABASE_CORES_PER_APP = 2
"""One app on one core keeps less than one core of database busy; two leave room for its peaks."""


@dataclass(frozen=True)
class Topology:
    """The part of the machine that this process may use. All numbers are logical CPUs.

    - `cpus`: online and allowed to this process (`os.sched_getaffinity`), in any order.
    - `smt_groups`: one group per physical core, as in each CPU's
      `topology/thread_siblings_list`. A group may name CPUs outside `cpus`: they belong to
      somebody else. A CPU that no group names is a physical core of its own.
    - `numa_nodes`: one group per node, as in each node's `cpulist`; it too may name others' CPUs
      and may be empty. A CPU that no node names is on an unnamed further node; without any
      nodes the machine has one.

    Raises ValueError when there is no CPU, a number is negative, or groups overlap.
    """

    cpus: tuple[int, ...]
    smt_groups: tuple[tuple[int, ...], ...] = ()
    numa_nodes: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        if not self.cpus:
            raise ValueError("a topology needs at least one CPU")
        if min(self.cpus) < 0:
            raise ValueError("a CPU number cannot be negative")
        for what, groups in (("SMT", self.smt_groups), ("NUMA", self.numa_nodes)):
            counts = Counter(cpu for group in groups for cpu in set(group))
            twice = [cpu for cpu, count in counts.items() if count > 1]
            if twice:
                raise ValueError(f"CPU {twice[0]} is in more than one {what} group")


@dataclass(frozen=True)
class _PhysicalCore:
    """A physical core: the threads that are ours, those that are not, and its NUMA node."""

    threads: tuple[int, ...]
    foreign: tuple[int, ...]
    node: int

    @property
    def first_thread(self) -> int:
        return min(self.threads + self.foreign)


@dataclass(frozen=True)
class _Shares:
    """The cores of each role, before they are turned into CPU numbers."""

    apps: tuple[_PhysicalCore, ...]
    database: tuple[_PhysicalCore, ...]
    generator: _PhysicalCore
    home: _PhysicalCore


def plan_placement(topology: Topology, apps_at_once: int = 1) -> Placement:
    """Where the app, its database, the generator and the lab's own work run.

    `apps_at_once` apps run at the same time; `Placement.app` holds one CPU for each of them, or
    fewer when they must share. A role that has a core alone uses one thread of it (app and
    generator, which have one busy thread) or all of them (database and housekeeping). Raises
    ValueError when `apps_at_once` is below 1.
    """
    if apps_at_once < 1:
        raise ValueError(f"at least one app has to run, not {apps_at_once}")
    home, *others = _cores(topology)
    if not others:
        return _on_one_core(home, apps_at_once)
    shares = _share_out(home, _by_preference(others, apps_at_once + 2), apps_at_once)
    alone = shares.generator is not home
    generator = shares.generator.threads[0 if alone else -1]
    return Placement(
        app=_sorted(core.threads[0] for core in shares.apps),
        database=_without(shares.database, generator),
        generator=(generator,),
        housekeeping=_without((home,), generator),
        notes=_notes(shares, apps_at_once),
    )


def spare_cpus(topology: Topology, placement: Placement, wanted: int) -> tuple[int, ...]:
    """At most `wanted` CPUs, each on a physical core that the placement leaves idle."""
    used = {
        *placement.app,
        *placement.database,
        *placement.generator,
        *placement.housekeeping,
    }
    idle = [
        core
        for core in _cores(topology)
        if not core.foreign and not used.intersection(core.threads)
    ]
    return tuple(core.threads[0] for core in idle[:wanted])


def parse_cpulist(text: str) -> tuple[int, ...]:
    """The CPUs of a list as Linux writes it: `0-3,8` is (0, 1, 2, 3, 8).

    An empty list has none. Raises ValueError for anything that the kernel would not print.
    """
    parts = text.strip().split(",") if text.strip() else []
    return _sorted(cpu for part in parts for cpu in _parse_range(part, text))


def format_cpulist(cpus: Iterable[int]) -> str:
    """The shortest such list: (8, 0, 1, 2, 3) is `0-3,8`. The inverse of `parse_cpulist`."""
    numbers = _sorted(cpus)
    starts = [b for a, b in pairwise((-2, *numbers)) if b != a + 1]
    ends = [a for a, b in pairwise((*numbers, -2)) if b != a + 1]
    runs = zip(starts, ends, strict=True)
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def _parse_range(part: str, whole: str) -> range:
    first, dash, last = part.partition("-")
    numbers = (first, last) if dash else (first, first)
    if not all(number.isascii() and number.isdigit() for number in numbers):
        raise ValueError(f"not a list of CPUs: {whole!r}")
    low, high = map(int, numbers)
    if low > high:
        raise ValueError(f"a range runs backwards in {whole!r}")
    return range(low, high + 1)


# --- cores ------------------------------------------------------------------------------------


def _cores(topology: Topology) -> list[_PhysicalCore]:
    """The physical cores with at least one thread of ours, CPU 0's first."""
    ours = set(topology.cpus)
    grouped = {cpu for group in topology.smt_groups for cpu in group}
    alone = [(cpu,) for cpu in ours - grouped]
    cores = [_core(group, ours, topology) for group in (*topology.smt_groups, *alone)]
    return sorted((core for core in cores if core.threads), key=lambda core: core.first_thread)


def _core(group: Sequence[int], ours: set[int], topology: Topology) -> _PhysicalCore:
    threads = _sorted(cpu for cpu in group if cpu in ours)
    foreign = _sorted(cpu for cpu in group if cpu not in ours)
    nodes = [i for i, node in enumerate(topology.numa_nodes) if set(threads) & set(node)]
    return _PhysicalCore(threads, foreign, nodes[0] if nodes else len(topology.numa_nodes))


def _by_preference(cores: list[_PhysicalCore], wanted: int) -> list[_PhysicalCore]:
    """Best first: the node with the most of the wanted cores, whole cores, high numbers."""
    on_node = Counter(core.node for core in cores)
    return sorted(
        cores,
        key=lambda core: (
            -min(on_node[core.node], wanted),
            -core.node,
            len(core.foreign) > 0,
            -core.first_thread,
        ),
    )


def _share_out(home: _PhysicalCore, others: list[_PhysicalCore], apps_at_once: int) -> _Shares:
    apps, rest = others[:apps_at_once], others[apps_at_once:]
    if not rest:
        return _Shares(tuple(apps), (home,), home, home)
    if len(rest) == 1:
        return _Shares(tuple(apps), (home,), rest[0], home)
    near = sum(core.node == rest[0].node for core in rest)
    wanted = max(1, min(DATABASE_CORES_PER_APP * apps_at_once, near - 1))
    return _Shares(tuple(apps), tuple(rest[:wanted]), rest[wanted], home)


def _on_one_core(core: _PhysicalCore, apps_at_once: int) -> Placement:
    """One physical core: the app gets its last thread, if there is more than one."""
    *others, app = core.threads
    shared = tuple(others) or (app,)
    return Placement((app,), shared, shared, shared, tuple(_one_core_notes(core, apps_at_once)))


# --- notes ------------------------------------------------------------------------------------


def _one_core_notes(core: _PhysicalCore, apps_at_once: int) -> Iterable[str]:
    if len(core.threads) == 1:
        yield (
            f"There is one CPU only ({core.threads[0]}): app, database and generator take turns "
            "on it. The figures mean nothing."
        )
    else:
        yield (
            f"{_named(core.threads)} are threads of one physical core: the app "
            "shares it with everything else. The figures do not show what a core can do."
        )
    yield from _crowding_note(1, apps_at_once)
    yield from _foreign_note(core)


def _notes(shares: _Shares, apps_at_once: int) -> tuple[str, ...]:
    return (
        *_crowding_note(len(shares.apps), apps_at_once),
        *_sharing_note(shares),
        *_distance_note(shares),
        *(note for core in shares.apps for note in _foreign_note(core)),
    )


def _crowding_note(cores: int, apps_at_once: int) -> Iterable[str]:
    if cores < apps_at_once:
        yield (
            f"The lab's {apps_at_once} frameworks share {_counted(cores, 'core')}: "
            "one service is asked at a time."
        )


def _sharing_note(shares: _Shares) -> Iterable[str]:
    home = _named(shares.home.threads)
    if shares.generator is shares.home:
        yield (
            f"Database, generator and housekeeping share one core ({home}): they slow each "
            "other down when the app is fast."
        )
    elif shares.home in shares.database:
        yield f"Database and housekeeping share one core ({home})."


def _distance_note(shares: _Shares) -> Iterable[str]:
    home = {core.node for core in shares.apps}
    if len(home) > 1:
        yield "The apps are on more than one NUMA node: they do not have equal conditions."
    far = [
        role
        for role, cores in (("database", shares.database), ("generator", (shares.generator,)))
        if not {core.node for core in cores} <= home
    ]
    if far:
        yield (
            f"The app's NUMA node has too few cores: {' and '.join(far)} "
            f"{'are' if len(far) > 1 else 'is'} on another one."
        )


def _foreign_note(core: _PhysicalCore) -> Iterable[str]:
    if core.foreign:
        yield (
            f"The app's physical core has threads that are not ours ({_named(core.foreign)}): "
            "whatever runs there slows the app down."
        )


# --- sets of CPUs -----------------------------------------------------------------------------


def _without(cores: Iterable[_PhysicalCore], taken: int) -> tuple[int, ...]:
    """All threads of these cores but the one taken, unless it is the only one."""
    threads = _sorted(cpu for core in cores for cpu in core.threads)
    return tuple(cpu for cpu in threads if cpu != taken) or threads


def _sorted(cpus: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(cpus)))


def _named(cpus: Sequence[int]) -> str:
    return f"CPU{'s' * (len(cpus) > 1)} {format_cpulist(cpus)}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
