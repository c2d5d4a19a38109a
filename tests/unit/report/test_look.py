"""A framework looks the same everywhere, and a newcomer changes nobody's look."""

from bench.report.look import SWATCHES, looks
from bench.targets import known_targets


def test_looks_do_not_depend_on_who_else_is_there() -> None:
    """DRF alone has the colour that it has among all."""
    everyone = looks(target.name for target in known_targets())
    for name, look in everyone.items():
        assert looks([name])[name] == look


def test_order_is_the_registrys() -> None:
    """Whatever order a plan names them in."""
    assert list(looks(["drf", "fastapi", "flask"])) == ["fastapi", "flask", "drf"]


def test_newcomers_come_last_and_look_like_nobody_else() -> None:
    """Unknown names get the next swatches."""
    found = looks(["zope", "fastapi", "flask", "drf", "bottle"])
    assert list(found) == ["fastapi", "flask", "drf", "bottle", "zope"]
    assert len({look.swatch for look in found.values()}) == 5
    assert len({look.marker for look in found.values()}) == 5


def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2.2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_swatches_are_seen_on_their_paper() -> None:
    """At least 3 : 1, as WCAG 1.4.11 asks of graphics."""
    for swatch in SWATCHES:
        assert 1.05 / (luminance(swatch.light) + 0.05) >= 3
        assert (luminance(swatch.dark) + 0.05) / (luminance("#181d25") + 0.05) >= 3
