import pytest

from bench.load.wire import (
    AskCollect,
    AskGo,
    AskPrepare,
    AskWarmUp,
    Collected,
    Done,
    EngineCommand,
    EngineReply,
    Refused,
    Tick,
    Warmed,
    encode_command,
    encode_reply,
    parse_command,
    parse_reply,
)
from bench.model import (
    ClosedLoop,
    Created,
    Lateness,
    LoadResult,
    LoadSpec,
    OpenLoop,
    Progress,
    Rows,
    Share,
    WarmUp,
)
from tests.unit.factories import distribution

MIXED = LoadSpec(
    base_url="http://127.0.0.1:8000",
    shares=(
        Share("read", 3, Rows(1, 10)),
        Share("delete", 1, Rows(11, 20, once=True)),
        Share("update", 1, Created()),
        Share("create", 2, body="crud"),
    ),
    pacing=OpenLoop(200.0, "poisson"),
    seed=5,
    duration_s=1.5,
)
RESULT = LoadResult(
    duration_s=1.25,
    succeeded=3,
    failures={"status 500": 2},
    latency={"read": distribution([0.05, 0.05, 0.2])},
    bytes_sent=10,
    bytes_received=20,
    connections_opened=1,
    lateness=Lateness(0.00004, 0.0001, 0.002, 1, 0),
    started_at_unix_s=1700000000.25,
    ran_out=True,
)


@pytest.mark.parametrize(
    "command",
    [
        AskWarmUp(MIXED, 0.5, 3.0),
        AskPrepare(LoadSpec("http://x", (Share("ping"),), ClosedLoop(20), 1, requests=500)),
        AskGo(),
        AskCollect(),
    ],
)
def test_a_command_arrives_as_it_was_given(command: EngineCommand) -> None:
    """Any command is one line, and the same after the way through the pipe."""
    line = encode_command(command)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert parse_command(line) == command


@pytest.mark.parametrize(
    "reply",
    [
        Done(),
        Tick(Progress(0.5, 10, 1, 20.0)),
        Warmed(WarmUp(1.0, 300, steady=True)),
        Collected(RESULT),
        Refused("two\nlines"),
    ],
)
def test_a_reply_arrives_as_it_was_given(reply: EngineReply) -> None:
    """Any reply is one line, and the same after the way through the pipe."""
    line = encode_reply(reply)
    assert line.count(b"\n") == 1
    assert parse_reply(line) == reply


@pytest.mark.parametrize("line", [b"", b"hello\n", b"{}\n", b'{"kind":"what"}\n', b"[]\n"])
def test_nonsense_is_refused(line: bytes) -> None:
    """A line that is no reply raises instead of being guessed at."""
    with pytest.raises(ValueError):
        parse_reply(line)
