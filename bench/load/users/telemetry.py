"""From Locust's events to the lab's records. To be imported in a process of Locust's only.

A worker hands its tally to its master with each of Locust's own reports, and once more when its
users have stopped. The leader (a master, or the only process there is) puts all of them together
and converses with the lab: it says when everything is ready, begins when the lab says go, says
when the last byte has arrived, and hands over what was seen. Without a lab to talk to, a leader
is left alone and Locust works as it always does.
"""

import logging
import math
import time
from collections.abc import Callable
from typing import Any

import gevent  # type: ignore[import-untyped]  # its types are a package of their own
from gevent.event import Event  # type: ignore[import-untyped]
from locust import events
from locust.env import Environment
from locust.runners import STATE_MISSING, STATE_STOPPING, MasterRunner, WorkerRunner

from bench.load.users.locust_users import beats
from bench.load.users.settings import SETTLE_S, TIMEOUT_S
from bench.load.users.tally import OPERATIONS, SeenRequest, Tally, WindowTally
from bench.load.wire import (
    AskCollect,
    AskGo,
    Collected,
    Done,
    EngineReply,
    Tick,
    encode_reply,
    parse_command,
)
from bench.model import LoadSpec, Users

_KEY = "onecore"
_GO = "onecore-go"
_DRAIN = "onecore-drain"
_DRAINED = "onecore-drained"
_TICK_S = 0.5
_ONLY = "locust"
_GRACE_S = 0.05
"""What was due so shortly before the end may still have been on its way: it is not missed."""

log = logging.getLogger(__name__)


class Channel:
    """The conversation with the lab, without blocking the users of this process."""

    def __init__(self, read_line: Callable[[], bytes], write: Callable[[bytes], None]) -> None:
        self._read_line = read_line
        self._write = write
        self.go = Event()
        self.collect = Event()

    def listen(self) -> None:
        """Wait for the lab's commands until it hangs up; then nobody is kept waiting."""
        while line := self._read_line():
            match parse_command(line):
                case AskGo():
                    self.go.set()
                case AskCollect():
                    self.collect.set()
        self.go.set()
        self.collect.set()

    def say(self, reply: EngineReply) -> None:
        """Send the lab a reply."""
        self._write(encode_reply(reply))


_installed = Event()


def installed() -> bool:
    """Whether this process listens to Locust's events for the lab."""
    return bool(_installed.is_set())


def install(spec: LoadSpec | None = None, channel: Channel | None = None) -> None:
    """Listen to Locust's events. A leader needs the spec of its window, and the lab's channel."""
    _installed.set()

    @events.init.add_listener
    def on_init(environment: Environment, **_: Any) -> None:
        if isinstance(environment.runner, WorkerRunner):
            _WorkerTelemetry(environment).install()
        elif spec is not None and channel is not None:
            _LeaderTelemetry(environment, spec, channel).install()


def _count_requests(environment: Environment) -> Tally:
    """A tally of everything that this process's users do."""
    tally = Tally()

    @environment.events.request.add_listener
    def on_request(
        name: str,
        start_time: float,
        response_time: float,
        exception: Exception | None,
        context: dict[str, Any],
        **_: Any,
    ) -> None:
        if name not in OPERATIONS:
            return  # of somebody else's user classes
        late_s = context.get("late_s")
        seen = SeenRequest(
            start_time - (late_s or 0.0),
            start_time + response_time / 1e3,
            math.nan if late_s is None else late_s,
            *context.get("traffic", (0, 0, 0)),
        )
        reason = "" if exception is None else str(exception)
        tally.add(name, reason, seen, gone=context.get("gone", False))

    @environment.events.user_error.add_listener
    def on_user_error(exception: Exception, **_: Any) -> None:
        now = time.time()
        reason = f"user failed: {type(exception).__name__}: {exception}"
        tally.add("read", reason, SeenRequest(now, now, math.nan, 0, 0, 0))

    return tally


class _WorkerTelemetry:
    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        assert isinstance(environment.runner, WorkerRunner)
        self._runner = environment.runner
        self._tally = _count_requests(environment)

    def install(self) -> None:
        self._environment.events.report_to_master.add_listener(self._on_report)
        self._runner.register_message(_GO, self._on_go)
        self._runner.register_message(_DRAIN, self._on_drain, concurrent=True)

    def _on_report(self, data: dict[str, Any], **_: Any) -> None:
        data[_KEY] = self._tally.take()

    def _on_go(self, **_: Any) -> None:
        _begin_afresh(self._environment)

    def _on_drain(self, **_: Any) -> None:
        """Stop the users, wait for their last answers, and hand over what is left."""
        # A master that is still starting users goes on with it: that order is out of date.
        self._runner.last_received_spawn_timestamp = math.inf  # type: ignore[assignment]
        missed = _missed(self._environment)
        self._runner.stop()
        self._runner.send_message(_DRAINED, self._tally.take(missed))


def _begin_afresh(environment: Environment) -> None:
    """The window begins. What users have been held up with before is not made up for in it."""
    for beat in beats(environment):
        beat.forget_missed(time.monotonic())


def _missed(environment: Environment) -> int:
    """What users were due to send in the window and have not."""
    return sum(beat.missed(time.monotonic() - _GRACE_S) for beat in beats(environment))


class _LeaderTelemetry:
    def __init__(self, environment: Environment, spec: LoadSpec, channel: Channel) -> None:
        assert environment.runner is not None
        assert isinstance(spec.pacing, Users)
        assert spec.duration_s is not None
        self._environment = environment
        self._runner = environment.runner
        self._spec = spec
        self._pacing = spec.pacing
        self._duration_s = spec.duration_s
        self._channel = channel
        self._window_tally = WindowTally(spec.duration_s)
        self._greeted = False
        self._over = False
        self._handed_over = Event()
        self._drained: set[str] = set()
        self._known: dict[str, int] = {}
        self._own_missed = 0

    def install(self) -> None:
        listen_to = self._environment.events
        if self._environment.shape_class is not None:
            self._environment.shape_class.held = True  # type: ignore[attr-defined]
        if self._pacing.throughput_per_s is None:
            listen_to.test_start.add_listener(self._on_ready)
        else:
            listen_to.spawning_complete.add_listener(self._on_all_started)
        if isinstance(self._runner, MasterRunner):
            listen_to.worker_report.add_listener(self._on_worker_report)
            self._runner.register_message(_DRAINED, self._on_drained)
            listen_to.test_stopping.add_listener(self._on_master_stopping)
        else:
            self._tally = _count_requests(self._environment)
            listen_to.test_stopping.add_listener(self._on_only_stopping)
            listen_to.test_stop.add_listener(self._on_only_stopped)
        listen_to.quitting.add_listener(self._on_quitting)
        gevent.spawn(self._channel.listen)
        gevent.spawn(self._tick)

    # --- the beginning

    def _on_all_started(self, **_: Any) -> None:
        if not self._greeted:
            gevent.sleep(SETTLE_S)
        self._on_ready()

    def _on_ready(self, **_: Any) -> None:
        """Everything is there: tell the lab, and begin when it has read its counters."""
        # Rebalancing after a lost worker ends in the same events once more.
        if self._greeted:
            return
        self._greeted = True
        self._channel.say(Done())
        self._channel.go.wait()
        if isinstance(self._runner, MasterRunner):
            self._runner.send_message(_GO)
        else:
            self._add_own()
            _begin_afresh(self._environment)
        self._window_tally.start(time.time())
        shape = self._environment.shape_class
        if shape is None:
            gevent.spawn_later(self._duration_s, self._runner.quit)
        else:
            # It ends the run itself; a second end at the same moment would upset Locust.
            shape.reset_time()
            shape.held = False  # type: ignore[attr-defined]

    # --- meanwhile

    def _tick(self) -> None:
        """Twice a second: who is there, and how it goes."""
        while not self._over:
            gevent.sleep(_TICK_S)
            now = time.time()
            if isinstance(self._runner, MasterRunner):
                self._look_for_lost(now)
            elif self._window_tally.started:
                self._add_own()
            self._window_tally.users(now, self._runner.user_count)
            if not self._over:
                self._channel.say(Tick(self._window_tally.progress(now)))

    def _on_worker_report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        report = data.get(_KEY)
        if report is None:
            log.error("Worker %s does not run this project's locustfile", client_id)
            return
        self._known[client_id] = report["pid"]
        self._window_tally.add(self._name(client_id), report, time.time())

    def _add_own(self) -> None:
        self._window_tally.add(_ONLY, self._tally.take(self._own_missed), time.time())
        self._own_missed = 0

    def _look_for_lost(self, now_unix_s: float) -> None:
        assert isinstance(self._runner, MasterRunner)
        if not self._window_tally.started or self._over:
            return
        for client_id, pid in self._known.items():
            worker = self._runner.clients.get(client_id)
            if worker is None or worker.state == STATE_MISSING:
                self._window_tally.lost(self._name(client_id), pid, now_unix_s)

    def _name(self, client_id: str) -> str:
        assert isinstance(self._runner, MasterRunner)
        return f"worker {self._runner.get_worker_index(client_id)}"

    # --- the end

    def _on_master_stopping(self, **_: Any) -> None:
        """Let every worker finish its requests and report them, before Locust tells it to quit."""
        if self._over:
            return
        assert isinstance(self._runner, MasterRunner)
        # Locust says so only after this. Until then whoever joins or is missed would make it deal
        # the users out once more, and start those that have just been stopped.
        self._runner.update_state(STATE_STOPPING)
        asked = self._present()
        self._runner.send_message(_DRAIN)
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline and not asked & self._present() <= self._drained:
            gevent.sleep(0.02)
        now = time.time()
        self._look_for_lost(now)
        for client_id in (asked & self._known.keys()) - self._drained:
            self._window_tally.lost(self._name(client_id), self._known[client_id], now)
        self._hand_over()

    def _present(self) -> set[str]:
        assert isinstance(self._runner, MasterRunner)
        return {client.id for client in self._runner.clients.all if client.state != STATE_MISSING}

    def _on_drained(self, msg: Any, **_: Any) -> None:
        self._drained.add(msg.node_id)
        self._window_tally.add(self._name(msg.node_id), msg.data, time.time())

    def _on_only_stopping(self, **_: Any) -> None:
        if not self._over and self._window_tally.started:
            self._own_missed = _missed(self._environment)

    def _on_only_stopped(self, **_: Any) -> None:
        if not self._over:
            self._add_own()
            self._hand_over()

    def _hand_over(self) -> None:
        """The last byte has arrived. Locust goes on to its reports when the lab has read."""
        self._over = True
        self._channel.say(Done())
        self._channel.collect.wait()
        if self._window_tally.started:
            self._channel.say(Collected(self._window_tally.result()))
        self._handed_over.set()

    def _on_quitting(self, **_: Any) -> None:
        """Whatever has ended Locust: what was seen is handed over first."""
        if self._over:
            self._handed_over.wait()
