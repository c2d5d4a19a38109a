"""What the live display shows at one moment, as lines of text. Pure: from values to lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.text import Text

from bench.model import Placement, Progress
from bench.words import NO_FIGURE

_WIDEST_BAR = 24
_BUSY = 0.9
_BARS_FROM, _CORES_FROM_ROWS = 50, 14


@dataclass(frozen=True)
class RoleUse:
    """What one role uses: CPU as a share of one core, memory in bytes; None when not yet known."""

    cpu_share: float | None = None
    pss_bytes: int | None = None


@dataclass(frozen=True)
class CoreUse:
    """Some CPUs that serve the same roles, and how busy they are on average."""

    cpus: tuple[int, ...]
    roles: tuple[str, ...]
    busy_share: float | None = None


@dataclass(frozen=True)
class PanelState:
    """Everything that the panel tells.

    `total` is None where nobody knows how many cells there will be. `window_s` is how long the
    window will last, where that is known. `rate_per_s` is that of the latest half second.
    """

    title: str
    done: int
    total: int | None
    time_left_s: float | None
    progress: Progress | None = None
    rate_per_s: float | None = None
    window_s: float | None = None
    roles: Mapping[str, RoleUse] = field(default_factory=dict)
    cores: tuple[CoreUse, ...] = ()
    diagnostics: Mapping[str, int] = field(default_factory=dict)


def panel_lines(moment: PanelState, width: int, height: int) -> tuple[Text, ...]:
    """The panel's lines, none wider than `width`; fewer of them in a low terminal."""
    lines = [_head(moment, width), _bar_line(moment, width), _now(moment)]
    bars = width >= _BARS_FROM
    if height >= _CORES_FROM_ROWS:
        lines += [_role_line(role, use, bars=bars) for role, use in moment.roles.items()]
        lines += [_core_line(core, bars=bars) for core in moment.cores]
    if moment.diagnostics:
        lines.append(_diagnostics(moment.diagnostics))
    # The last line of a terminal stays free: writing there would scroll it.
    lines = lines[: max(1, height - 1)]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return tuple(lines)


def cores_of(placement: Placement, busy: Mapping[int, float]) -> tuple[CoreUse, ...]:
    """The CPUs that a placement names, those with the same roles together, the app's first.

    `busy` holds each CPU's share of time that it was busy.
    """
    roles = {
        "app": placement.app,
        "database": placement.database,
        "generator": placement.generator,
        "lab": placement.housekeeping,
    }
    by_cpu: dict[int, tuple[str, ...]] = {}
    for cpu in dict.fromkeys(cpu for cpus in roles.values() for cpu in cpus):
        by_cpu[cpu] = tuple(role for role, cpus in roles.items() if cpu in cpus)
    groups: dict[tuple[str, ...], list[int]] = {}
    for cpu, served in by_cpu.items():
        groups.setdefault(served, []).append(cpu)
    return tuple(
        CoreUse(
            tuple(cpus), served, _mean([busy[cpu] for cpu in cpus if cpu in busy]) if busy else None
        )
        for served, cpus in groups.items()
    )


def time_left_s(spent_s: float, done: int, total: int | None, under_way_s: float) -> float | None:
    """An estimate from the cells so far: `spent_s` seconds for `done` of them.

    The one under way has taken `under_way_s`; it is taken to last at least as long as it has.
    None before the first cell has ended.
    """
    if done < 1 or total is None:
        return None
    each_s = spent_s / done
    return max(0.0, each_s * (total - done) - min(under_way_s, each_s))


def time_words(seconds: float) -> str:
    """E.g. "8 s", "1 min 12 s", "2 h 05 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def count_words(diagnostics: Mapping[str, int]) -> str:
    """How often each diagnostic was raised: "clock-drift 3, steal 1"."""
    return ", ".join(f"{code} {count}" for code, count in diagnostics.items())


# --- lines ------------------------------------------------------------------------------------


def _head(moment: PanelState, width: int) -> Text:
    title = moment.title
    known = "" if moment.total is None else f" of {moment.total}"
    cells = f"{moment.done}{known} cells"
    left = "" if moment.time_left_s is None else f", about {time_words(moment.time_left_s)} left"
    room = width - len(title) - len(cells) - len(left)
    if room >= 2:
        return Text.assemble((title, "bold"), " " * room, cells, left)
    # Where there is no room for all of it, what is left matters more than what is done.
    return Text.assemble((title, "bold"), "  ", left.removeprefix(", ") or cells)


def _bar_line(moment: PanelState, width: int) -> Text:
    share = min(1.0, moment.done / moment.total) if moment.total else 0.0
    full = round(share * width)
    return Text.assemble(("━" * full, "green"), ("━" * (width - full), "bright_black"))


def _now(moment: PanelState) -> Text:
    progress = moment.progress
    if progress is None:
        # All cells are done; a round more may follow, or the run is being finished.
        over = moment.total is not None and moment.done >= moment.total
        told = "all cells are measured" if over else "setting up and warming up"
        return Text(told, style="dim")
    rate = progress.rate_per_s if moment.rate_per_s is None else moment.rate_per_s
    p99 = NO_FIGURE if progress.p99_s is None else f"{progress.p99_s * 1e3:,.1f}"
    of = "" if moment.window_s is None else f" of {moment.window_s:g}"
    return Text.assemble(
        (f"{rate:,.0f} requests/s", "bold"),
        f"   p99 {p99} ms   ",
        (f"{progress.failed:,} failed", "bold red" if progress.failed else ""),
        f"   window {progress.elapsed_s:.1f}{of} s",
    )


def _role_line(role: str, use: RoleUse, *, bars: bool) -> Text:
    memory = NO_FIGURE if use.pss_bytes is None else f"{use.pss_bytes / 1e6:.0f} MB"
    return _share_line(role, use.cpu_share, f"{memory:>8}", bars=bars)


def _core_line(core: CoreUse, *, bars: bool) -> Text:
    return _share_line(_cpus(core.cpus), core.busy_share, ", ".join(core.roles), bars=bars)


def _share_line(name: str, share: float | None, rest: str, *, bars: bool) -> Text:
    told = NO_FIGURE if share is None else f"{100 * share:.0f} %"
    full = 0 if share is None else round(min(1.0, share) * _WIDEST_BAR)
    style = "yellow" if share is not None and share >= _BUSY else "cyan"
    bar = (("█" * full, style), ("·" * (_WIDEST_BAR - full), "bright_black"), "  ")
    return Text.assemble(f"{name:<10}{told:>6}  ", *(bar if bars else ()), rest)


def _diagnostics(diagnostics: Mapping[str, int]) -> Text:
    return Text(f"diagnostics: {count_words(diagnostics)}", style="yellow")


def _cpus(cpus: Sequence[int]) -> str:
    return f"CPU {','.join(map(str, cpus))}" if len(cpus) < 3 else f"CPU {cpus[0]}..{cpus[-1]}"


def _mean(shares: Sequence[float]) -> float | None:
    """At most 1: what is counted in ticks of 10 ms can come out a little higher."""
    return min(1.0, sum(shares) / len(shares)) if shares else None
