"""A target looks the same everywhere, and a newcomer changes nobody's look."""

import io

import pytest
from rich.console import Console

from bench.model import TargetRecord
from bench.report.document import Document, Section, Sheet, Table, TargetCell, cell_text
from bench.report.render.html import html_page
from bench.report.render.terminal import print_document
from bench.report.style import HUES, MARKERS, colours, marker_key_words, styles
from bench.targets import known_targets

KNOWN = {target.name: TargetRecord.of(target) for target in known_targets()}


def of(*names: str) -> dict:
    """Styles of these, known or not."""
    unknown = (TargetRecord(name, name, name, "standard", "core") for name in names)
    return dict(styles(KNOWN.get(target.name, target) for target in unknown))


def record(name: str, framework: str = "", mode: str = "standard") -> TargetRecord:
    return TargetRecord(name, name, framework or name, mode, "core")


def test_looks_do_not_depend_on_who_else_is_there() -> None:
    """DRF alone has the colour that it has among all, and no two look the same."""
    everyone = of(*KNOWN)
    for name, style in everyone.items():
        assert of(name)[name] == style
    assert len({(style.colour, style.marker) for style in everyone.values()}) == len(everyone)
    assert len({style.short for style in everyone.values()}) == len(everyone)


def test_a_framework_has_a_hue_and_a_mode_a_marker() -> None:
    """All targets of a framework share a hue; the first of each mode shares its marker."""
    found = of("fastapi", "fastapi-async", "fastapi-tuned", "flask", "flask-tuned", "asgi", "wsgi")
    hues = {name: style.colour.removesuffix("-deep") for name, style in found.items()}
    assert hues["fastapi"] == hues["fastapi-async"] == hues["fastapi-tuned"]
    assert len(set(hues.values())) == 4
    marks = {name: style.marker.shape for name, style in found.items()}
    assert marks["fastapi"] == marks["flask"] != marks["fastapi-async"]
    assert marks["fastapi-tuned"] == marks["flask-tuned"]
    assert marks["asgi"] == marks["wsgi"]
    assert len(set(marks.values())) == 4
    assert found["flask"].colour != found["flask-tuned"].colour


def test_order_is_the_registrys() -> None:
    """Whatever order a plan names them in."""
    assert list(of("drf", "fastapi", "flask")) == ["fastapi", "flask", "drf"]


def test_newcomers_come_last_and_look_like_nobody_else() -> None:
    """An unknown framework gets the next hue."""
    found = of("zope", "fastapi", "flask", "drf")
    assert list(found) == ["fastapi", "flask", "drf", "zope"]
    assert len({style.colour for style in found.values()}) == 4


@pytest.mark.parametrize("count", range(1, 11))
def test_up_to_ten_frameworks_have_as_many_hues(count: int) -> None:
    """Even where some of them are known and others come after more than ten that are not here."""
    assert len(HUES) == 10
    names = [*list(KNOWN)[-1:], *(f"other-{number:02}" for number in range(count - 1))]
    records = [KNOWN.get(name) or record(name) for name in names]
    known = {target.framework for target in KNOWN.values()}
    wrapped = [record(f"extra-{number}") for number in range(len(HUES) - len(known))]
    assert len({style.colour for style in styles(records).values()}) == count
    both = {name: style.colour for name, style in styles([*wrapped, *records]).items()}
    assert len({both[each.name] for each in wrapped}) == len(wrapped)


def test_a_third_target_of_a_mode_still_has_a_marker_of_its_own() -> None:
    """A framework may be used in three ways that are all standard."""
    names = ("zope", "zope-a", "zope-b")
    found = styles(record(name, "zope") for name in names)
    assert len({style.marker for style in found.values()}) == 3
    assert len({style.colour for style in found.values()}) == 1


def test_the_key_names_modes_where_they_differ() -> None:
    """With one mode there is nothing to tell."""
    assert marker_key_words(of("fastapi", "flask")) == ""
    assert marker_key_words(of("fastapi", "fastapi-async", "flask-tuned", "wsgi")) == (
        "● ▲ standard, ◆ tuned, ■ engine"
    )


def test_a_table_marks_targets_where_modes_differ() -> None:
    """In text the marker stands before the name."""
    cell = TargetCell("flask-tuned", "✕ 1 of 3")
    assert cell_text(cell, of("flask-tuned")) == "flask-tuned ✕ 1 of 3"
    assert cell_text(cell, of("flask", "flask-tuned")) == "◆ flask-tuned ✕ 1 of 3"
    assert cell_text("read", of("flask", "flask-tuned")) == "read"


def table_on(encoding: str) -> str:
    """A table of two modes on a terminal of that encoding, as its user sees it."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, errors="replace")
    console = Console(file=file, width=80, force_terminal=True, color_system=None)
    rows = (TargetCell("flask"), TargetCell("flask-tuned"))
    table = Table("", ("target",), tuple((cell,) for cell in rows), (False,))
    document = Document(
        "A run", (), (Section("s", "S", (Sheet(table),)),), of("flask", "flask-tuned")
    )
    print_document(console, document)
    file.flush()
    return raw.getvalue().decode(encoding)


def test_a_terminal_without_these_characters_gets_names_alone() -> None:
    """They would be question marks; the names say the mode."""
    assert "◆ flask-tuned" in table_on("utf-8")
    assert "◆ tuned" in table_on("utf-8")
    assert "flask-tuned" in table_on("ascii")
    assert "?" not in table_on("ascii").replace("A run", "")


def test_every_shape_has_a_symbol_on_the_page() -> None:
    """A legend without its mark would be blank."""
    page = html_page(Document("A run", (), (), {}))
    for markers in MARKERS.values():
        for marker in markers:
            assert f'id="m-{marker.shape}"' in page


def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2.2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_are_seen_on_their_paper() -> None:
    """At least 3 : 1, as WCAG 1.4.11 asks of graphics."""
    for paint in colours().values():
        assert 1.05 / (luminance(paint.light) + 0.05) >= 3
        assert (luminance(paint.dark) + 0.05) / (luminance("#181d25") + 0.05) >= 3
