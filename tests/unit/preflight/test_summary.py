"""What follows from many checks: a verdict, warnings to store, and a page."""

import pytest

from bench.host import Setting
from bench.preflight import Check, diagnostics, render, settings, unfit, verdict

OK = Check("swap", "ok", "none in use")
NOTE = Check("NMI watchdog", "note", "on", "it interrupts", "make tune", (Setting("/a", "0"),))
DOUBT = Check("turbo", "doubt", "on", "the clock varies", "make tune", (Setting("/b", "1"),))
BAD = Check("heat", "bad", "throttled 3 times", "a hot CPU slows", "Let it cool.")
FORBIDS = Check("cores", "bad", "one core", "per core", "Use another machine.", forbids=True)


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ((), "fit"),
        ((OK, NOTE), "fit"),
        ((OK, NOTE, DOUBT), "fit with doubts"),
        ((OK, DOUBT, BAD), "unfit"),
    ],
)
def test_the_worst_check_decides(checks: tuple[Check, ...], expected: str) -> None:
    """Notes never make a machine doubtful; one bad check makes it unfit."""
    assert verdict(checks) == expected
    assert unfit(checks) == (expected == "unfit")


def test_warnings_name_the_check_what_was_seen_and_the_remedy() -> None:
    """Everything that is not ok is stored with a run."""
    found = diagnostics((OK, NOTE, DOUBT, BAD, FORBIDS))
    assert [(diagnostic.code, diagnostic.severity) for diagnostic in found] == [
        ("host-nmi-watchdog", "note"),
        ("host-turbo", "doubt"),
        ("host-heat", "doubt"),
        ("host-cores", "invalid"),
    ]
    assert found[1].message == "turbo: on (the clock varies)"
    assert found[1].remedy == "make tune"


def test_all_settings_are_gathered() -> None:
    """That is what tuning would set."""
    assert settings((OK, NOTE, DOUBT)) == (Setting("/a", "0"), Setting("/b", "1"))


def test_the_page_has_a_line_per_check_and_remedies_below() -> None:
    """Names are aligned; what is ok takes one line; the verdict counts the rest."""
    assert [line.text for line in render((OK, DOUBT, BAD))] == [
        "✓ swap   none in use",
        "! turbo  on (the clock varies)",
        "         make tune",
        "✗ heat   throttled 3 times (a hot CPU slows)",
        "         Let it cool.",
        "",
        "This machine is unfit for measuring: 1 bad, 1 doubt.",
    ]


def test_a_fit_machine_is_told_plainly() -> None:
    """Without anything to count."""
    assert render((OK,))[-1].text == "This machine is fit for measuring."
