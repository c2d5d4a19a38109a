"""Locust as the lab sees it: an engine whose every window is a run of Locust.

It never imports Locust. A swarm starts Locust's processes when a window is prepared and ends
them when it has been collected; each leaves Locust's own reports behind.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.errors import GeneratorFailed
from bench.load import process
from bench.load.process_channel import OnProgress, ProcessChannel, ignore
from bench.load.users.settings import Ports, locust_arguments
from bench.load.wire import AskCollect, AskGo, Collected, Done, encode_spec
from bench.model import LoadResult, LoadSpec, Users, WarmUp


class Swarm:
    """Runs Locust on `cpus`. `folder` gets its reports and its log, named after the target."""

    def __init__(self, cpus: Sequence[int], folder: Path, ports: Ports) -> None:
        self._cpus = tuple(cpus)
        self._folder = folder
        self._ports = ports
        self._talk: ProcessChannel | None = None

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all of Locust's processes, whatever they are doing."""
        talk, self._talk = self._talk, None
        if talk is not None:
            talk.close()

    @property
    def pid(self) -> int:
        """Locust's first process. Raises GeneratorFailed between windows, when there is none."""
        return self._conversation.pid

    @property
    def _conversation(self) -> ProcessChannel:
        if self._talk is None:
            raise GeneratorFailed("Locust is not running")
        return self._talk

    def warm_up(self, spec: LoadSpec, min_s: float, max_s: float) -> WarmUp | None:  # noqa: ARG002
        """None: users start one by one within the window, or before it where they have a beat."""
        return None

    def prepare(self, spec: LoadSpec) -> None:
        """Start Locust, with all its workers; with a beat, all users too."""
        assert isinstance(spec.pacing, Users)
        # A window that broke off before it was collected has left its processes.
        self.close()
        files = self._free_name(spec.target)
        arguments = locust_arguments(spec, spec.target, files, self._ports)
        self._talk = ProcessChannel(
            process.command(
                "bench.load.users",
                str(os.getpid()),
                process.list_cpus(self._cpus),
                encode_spec(spec).decode(),
                *arguments,
            ),
            _environment(spec.pacing),
            Path(f"{files}.log").open("w+b"),  # noqa: SIM115  the conversation closes it
        )
        self._talk.expect(Done)

    def go(self, on_progress: OnProgress = ignore) -> None:
        self._conversation.ask(AskGo())
        self._conversation.expect(Done, on_progress)

    def collect(self) -> LoadResult:
        """What the window saw. Locust has written its reports and ended when this returns."""
        talk = self._conversation
        talk.ask(AskCollect())
        result = talk.expect(Collected).result
        talk.await_end()
        self.close()
        return result

    def _free_name(self, target: str) -> Path:
        """The first window of a target has its plain name, further rounds are numbered."""
        names = (target, *(f"{target}-{number}" for number in range(2, 10_000)))
        free = (name for name in names if not (self._folder / f"{name}.html").exists())
        return self._folder / next(free)


def _environment(pacing: Users) -> dict[str, str]:
    """The shape is the one thing that our users read from there."""
    shape = {"SHAPE": pacing.shape} if pacing.shape else {}
    return {**process.environment(), **shape}
