"""What a page may run, and what names may say in one."""

import base64
import hashlib
import re

import pytest

from bench.report.document import Document, Prose, Section, Table
from bench.report.render.html import html_page
from bench.report.render.markdown import table_markdown
from bench.serving import policy_for

SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def test_a_page_runs_its_own_scripts_and_no_others() -> None:
    """Each is named by its hash; whatever a name brings into the page is none of them."""
    page = html_page(Document("Runs", ("a fact",), (Section("s", "S", (Prose("text"),)),)))
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    scripts = SCRIPT.findall(page)
    assert scripts
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2]


@pytest.mark.parametrize(
    "path", ["/", "/index.html", "/history.html", "/run/report.html", "/b/compared-with-a.html"]
)
def test_the_labs_own_pages_are_served_with_the_same_rule(path: str) -> None:
    """No script but the lab's."""
    policy = policy_for(path, "'sha256-x'")
    assert "script-src 'sha256-x' 'unsafe-eval'" in policy
    assert "sandbox" not in policy


@pytest.mark.parametrize(
    "path", ["/run/locust/report.html", "/run/other.html", "/report.html", "/run/x/report.html"]
)
def test_a_page_of_somebody_elses_has_no_origin(path: str) -> None:
    """Locust's report needs its scripts; they reach nothing."""
    assert policy_for(path, "'sha256-x'").endswith("sandbox allow-scripts")


def test_html_in_a_name_is_text_in_markdown() -> None:
    """Markdown takes HTML as it is; a comparison with a number is none."""
    table = Table(
        "<b>x</b>", ("target", "p"), (("<img src=x onerror=alert(1)>", "< 0.01"),), (False, False)
    )
    text = table_markdown(table)
    assert r"\<img src=x" in text
    assert r"\<b>x" in text
    assert "< 0.01" in text
