"""Who thaws what a lab has frozen, when the lab itself no longer can.

A stopped process takes no signal but SIGKILL: the one that should end it with the lab would wait
for ever, and so would the process, with its port and its memory.
"""

import subprocess

# The end of the input is the end of the lab, however that came about.
_SCRIPT = 'read -r _ || kill -s CONT "$@"'


def guard(pids: list[int]) -> subprocess.Popen[bytes]:
    """A process that sends SIGCONT to `pids` when it is released, or this process has ended."""
    return subprocess.Popen(
        ("sh", "-c", _SCRIPT, "onecore-thaw", *map(str, pids)),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # some of them may have ended by then
        start_new_session=True,  # it outlives Ctrl-C
    )


def release(guarding: subprocess.Popen[bytes]) -> None:
    """Let it send the signal now, and wait until that is done."""
    guarding.communicate()
