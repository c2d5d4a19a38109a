"""Ids in paths: what is a number, and what no item has."""

from .answer import assert_item
from .bodies import STORED_WIDGET, VALID, WIDGET_ROW, body_for
from .problem import assert_client_problem, assert_exact_problem, assert_problem

NO_IDS = ("abc", "-1", "1.0", "1e0", "0x1", "1a", "null", "1,2", "None", "%00", "1%00", "%ff")
# What some parser takes for a number, but is not ASCII digits.
NEARLY_IDS = (
    "+1",
    "1_0",
    "%201",
    "1%20",
    "1%0A",
    "%D9%A1",  # an Arabic one
    "%EF%BC%91",  # a fullwidth one
    "%C2%B9",  # a superscript one
    "%E2%91%A0",  # a one in a circle
    "1;2",
    "1.json",
)
UNKNOWN_IDS = (
    "0",
    "2",
    "99999",
    str(2**31),
    str(2**32 + 1),  # 1, when cut to 32 bits
    str(2**63 - 1),
    str(2**63),
    str(2**64),
    str(2**64 + 1),  # 1, when cut to 64 bits
)
LONG_IDS = (
    "9" * 400,
    "9" * 4_000,
    "9" * 5_000,  # more digits than Python turns into an int
)


def test_id_that_is_no_number(core_service, each):
    """What is no number is 404, and touches no item."""
    core_service.store(WIDGET_ROW)
    for text in NO_IDS:
        with each(text):
            for path in (f"/items/{text}", f"/items/{text}/"):
                assert_problem(core_service.ask("GET", path), 404)
                assert_problem(core_service.ask("DELETE", path), 404)
                assert_problem(core_service.ask("PUT", path, VALID), 404)
    assert core_service.rows() == [(1, *WIDGET_ROW)]


def test_id_is_ascii_digits(strict_service, each):
    """An id that is not ASCII digits is 404, whatever the method and the body."""
    strict_service.store(WIDGET_ROW)
    for text in (*NO_IDS, *NEARLY_IDS):
        with each(text):
            for slash in ("", "/"):
                path = f"/items/{text}{slash}"
                for method in ("GET", "DELETE", "PATCH", "POST", "TRACE"):
                    assert_exact_problem(strict_service.ask(method, path), 404)
                assert_exact_problem(strict_service.ask("PUT", path, VALID), 404)
                assert_exact_problem(strict_service.ask("PUT", path, b"{", "text/plain"), 404)
    assert strict_service.rows() == [(1, *WIDGET_ROW)]


def test_id_that_is_nearly_a_number(core_service, each):
    """What a parser may take for a number is 404, or the one item that is meant."""
    core_service.store(WIDGET_ROW)
    for text in NEARLY_IDS:
        with each(text):
            for slash in ("", "/"):
                answer = core_service.ask("GET", f"/items/{text}{slash}")
                if answer.status == 200:
                    assert_item(answer.json(), STORED_WIDGET)
                else:
                    assert_client_problem(answer)


def test_unknown_ids(core_service, each):
    """An id that no item has is 404, however large it is."""
    core_service.store(WIDGET_ROW)
    for text in UNKNOWN_IDS:
        with each(text):
            for slash in ("", "/"):
                assert_problem(core_service.ask("GET", f"/items/{text}{slash}"), 404)
                assert_problem(core_service.ask("DELETE", f"/items/{text}{slash}"), 404)
                assert_problem(core_service.ask("PUT", f"/items/{text}{slash}", VALID), 404)
                assert_problem(core_service.ask("PATCH", f"/items/{text}{slash}"), 405)
    assert core_service.rows() == [(1, *WIDGET_ROW)]


def test_unknown_ids_after_the_body(strict_service, each):
    """However many digits an id has, it is looked at once the body is valid."""
    strict_service.store(WIDGET_ROW)
    for text in (*UNKNOWN_IDS, *LONG_IDS):
        with each(f"{text[:30]} ({len(text)} digits)"):
            for path in (f"/items/{text}", f"/items/{text}/"):
                assert_exact_problem(strict_service.ask("GET", path), 404)
                assert_exact_problem(strict_service.ask("DELETE", path), 404)
                assert_exact_problem(strict_service.ask("PUT", path, VALID), 404)
                assert_exact_problem(strict_service.ask("PUT", path, b"{}"), 422, ["name", "price"])
                assert_exact_problem(strict_service.ask("PATCH", path), 405)
    assert strict_service.rows() == [(1, *WIDGET_ROW)]


def test_long_ids_do_no_harm(core_service, each):
    """An id of hundreds or thousands of digits is refused."""
    core_service.store(WIDGET_ROW)
    for text in LONG_IDS:
        with each(f"{len(text)} digits"):
            for method in ("GET", "PUT", "DELETE", "PATCH"):
                answer = core_service.ask(method, f"/items/{text}", body_for(method))
                assert 400 <= answer.status < 500
    assert core_service.rows() == [(1, *WIDGET_ROW)]


def test_leading_zeros_do_no_harm(service, each):
    """Leading zeros and percent-encoded digits lead to the same item."""
    service.store(WIDGET_ROW)
    for text in ("1", "01", "0" * 28 + "1", "%31", "0" * 200 + "1"):
        for path in (f"/items/{text}", f"/items/{text}/"):
            with each(path):
                assert_item(service.ask("GET", path).json(), STORED_WIDGET)


def test_large_ids_work(service):
    """Ids beyond 32 bits are ids like any other, up to the last."""
    for number in (2**31, 2**53 + 1, 2**63 - 1):
        service.execute("INSERT INTO items VALUES (%s, 'n', '', 1, true)", number)
        assert service.ask("GET", f"/items/{number}").json()["id"] == number
        assert service.ask("PUT", f"/items/{number}", VALID).json()["id"] == number
        assert service.ask("DELETE", f"/items/{number}").status == 204
