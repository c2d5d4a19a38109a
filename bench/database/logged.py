"""Statements in a server's log, as log_statement=all writes them, alone or in a journal. Pure."""

import re
from dataclasses import dataclass

_LINE = re.compile(
    r"^\d{4}-\d\d-\d\d [\d:.]+ \S+ \[(?P<pid>\d+)\] (?P<level>[A-Z]+): +(?P<text>.*)$"
)
_JOURNAL = re.compile(r"^\d{4}-\d\d-\d\dT\S+ \S+ \S+\[\d+\]: ")
"""What journalctl puts before each line: time, machine, unit."""

_STATEMENT = re.compile(r"(?:statement|execute [^:]*): (?P<sql>.*)", re.DOTALL)
_PARAMETERS = re.compile(r"[Pp]arameters: (?P<list>.*)", re.DOTALL)
_PARAMETER = re.compile(r"\$(?P<number>\d+) = (?P<value>'(?:[^']|'')*'|NULL)")


@dataclass(frozen=True)
class LoggedStatement:
    """A statement of a session, with its parameters in their places."""

    pid: int
    sql: str


def statements_in(log: str) -> tuple[LoggedStatement, ...]:
    """Every statement in the log, in order."""
    found: list[LoggedStatement] = []
    for pid, level, text in _entries(log):
        if level == "LOG" and (statement := _STATEMENT.fullmatch(text)):
            found.append(LoggedStatement(pid, statement["sql"].strip()))
        elif (
            level == "DETAIL"
            and found
            and found[-1].pid == pid
            and (given := _PARAMETERS.fullmatch(text))
        ):
            found[-1] = LoggedStatement(pid, _filled(found[-1].sql, given["list"]))
    return tuple(found)


def _entries(log: str) -> list[tuple[int, str, str]]:
    """Each entry with its process and level; what a statement has on further lines is joined."""
    entries: list[tuple[int, str, str]] = []
    for shown in log.splitlines():
        line = _JOURNAL.sub("", shown)
        if begun := _LINE.match(line):
            entries.append((int(begun["pid"]), begun["level"], begun["text"]))
        elif entries:
            pid, level, text = entries[-1]
            entries[-1] = (pid, level, f"{text}\n{line.removeprefix('\t')}")
    return entries


def _filled(statement: str, parameters: str) -> str:
    """The statement with its parameters in the places of $1, $2 ..."""
    values = {
        parameter["number"]: parameter["value"] for parameter in _PARAMETER.finditer(parameters)
    }
    return re.sub(r"\$(\d+)", lambda found: values.get(found[1], found[0]), statement)


def is_planned(statement: str) -> bool:
    """Whether the server makes a plan for it: of BEGIN, COMMIT and their like it makes none."""
    first, *_ = [*statement.lstrip("( \n\t").split(None, 1), ""]
    return first.upper() in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
