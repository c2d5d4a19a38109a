"""A target looks the same everywhere, and a newcomer changes nobody's look."""

from bench.model import TargetRecord
from bench.report.style import SWATCHES, styles
from bench.targets import known_targets

KNOWN = {target.name: TargetRecord.of(target) for target in known_targets()}


def of(*names: str) -> dict:
    """Styles of these, known or not."""
    unknown = (TargetRecord(name, name, name, "standard", "core") for name in names)
    return dict(styles(KNOWN.get(target.name, target) for target in unknown))


def test_looks_do_not_depend_on_who_else_is_there() -> None:
    """DRF alone has the colour that it has among all."""
    everyone = of(*KNOWN)
    for name, style in everyone.items():
        assert of(name)[name] == style
    assert len({style.swatch for style in everyone.values()}) == len(everyone)
    assert len({style.short for style in everyone.values()}) == len(everyone)


def test_order_is_the_registrys() -> None:
    """Whatever order a plan names them in."""
    assert list(of("drf", "fastapi", "flask")) == ["fastapi", "flask", "drf"]


def test_newcomers_come_last_and_look_like_nobody_else() -> None:
    """An unknown name gets the next swatch."""
    found = of("zope", "fastapi", "flask", "drf")
    assert list(found) == ["fastapi", "flask", "drf", "zope"]
    assert len({style.swatch for style in found.values()}) == 4
    assert len({style.marker for style in found.values()}) == 4


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
