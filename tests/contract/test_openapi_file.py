"""The contract file itself: valid, complete, and covered by this suite."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31

from .answer import JSON
from .bodies import BAD, GOOD
from .openapi import CONTRACT, CORE_ONLY, VERBS, WHOLE
from .problem import PROBLEM, TITLE_AND_DETAIL
from .routes import RESOURCES

OPERATIONS = [
    pytest.param(path, verb, operation, id=f"{verb.upper()} {path}")
    for path, path_item in WHOLE["paths"].items()
    for verb, operation in path_item.items()
    if verb in VERBS
]


def media_types_with_examples() -> list[Any]:
    """Every (schema, example) of requests and answers, and of parameters."""
    found = []
    for path, path_item in WHOLE["paths"].items():
        for verb, operation in path_item.items():
            if verb not in VERBS:
                continue
            holders = [operation.get("requestBody", {}), *operation["responses"].values()]
            places = [media for holder in holders for media in holder.get("content", {}).values()]
            places += operation.get("parameters", []) + path_item.get("parameters", [])
            for place in places:
                found += [
                    pytest.param(place["schema"], example["value"], id=f"{verb} {path} {name}")
                    for name, example in place["examples"].items()
                ]
    return found


def test_file_is_valid_openapi():
    """services/openapi.yaml is a valid OpenAPI 3.1 document."""
    errors = [error.message for error in Draft202012Validator(OPENAPI_31).iter_errors(CONTRACT)]
    assert not errors


def test_schemas_are_valid(each):
    """Each schema is a valid JSON Schema of the 2020-12 draft."""
    for name, schema in WHOLE["components"]["schemas"].items():
        with each(name):
            Draft202012Validator.check_schema(schema)


def test_only_strict_is_marked():
    """`x-level` marks what is strict, and it marks something; all else is core."""
    found = list(marks(CONTRACT))
    assert set(found) == {"strict"}
    assert all("head" not in path_item for path_item in CORE_ONLY["paths"].values())
    for _, verb, operation in (operation.values for operation in OPERATIONS):
        assert ("413" in operation["responses"]) == (verb in {"post", "put"})
    for path_item in CORE_ONLY["paths"].values():
        for verb, operation in path_item.items():
            assert verb not in VERBS or "413" not in operation["responses"]


def test_core_is_a_contract_of_its_own():
    """What is left without the strict promises is a valid document too."""
    errors = [error.message for error in Draft202012Validator(OPENAPI_31).iter_errors(CORE_ONLY)]
    assert not errors


def marks(node: Any) -> Iterator[object]:
    """Every value of `x-level` in the document."""
    if isinstance(node, dict):
        if "x-level" in node:
            yield node["x-level"]
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from marks(part)


def test_operation_ids_are_unique():
    """Each operation has an id of its own."""
    ids = [operation.values[2]["operationId"] for operation in OPERATIONS]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(("schema", "example"), media_types_with_examples())
def test_examples_keep_their_schema(schema, example):
    """Each example is valid against the schema beside it."""
    Draft202012Validator(schema).validate(example)


@pytest.mark.parametrize(("path", "verb", "operation"), OPERATIONS)
def test_every_body_has_an_example(path, verb, operation):
    """Each answer with a body, and each request body, shows an example."""
    for holder in [operation.get("requestBody", {}), *operation["responses"].values()]:
        for media in holder.get("content", {}).values():
            assert media["examples"]


def test_examples_of_problems_are_what_strict_targets_say():
    """Titles and details of the examples are those that the suite demands of the strict level."""
    for response in WHOLE["components"]["responses"].values():
        for example in response["content"].get(PROBLEM, {}).get("examples", {}).values():
            problem = example["value"]
            assert (problem["title"], problem["detail"]) == TITLE_AND_DETAIL[problem["status"]]


def test_every_route_of_the_file_is_in_the_route_table():
    """The suite's route table has exactly the paths, methods and successes of the file."""
    written = {
        (path, verb.upper(), int(status))
        for path, verb, operation in (operation.values for operation in OPERATIONS)
        for status in operation["responses"]
        if int(status) < 400
    }
    tested = {
        (resource.template, method, status)
        for resource in RESOURCES
        for method, status in resource.success.items()
    }
    assert written == tested


def test_every_answer_to_a_bad_body_is_in_the_file():
    """The file knows each status that a request body can lead to, and the suite tries each."""
    statuses = {bad.status for bad in BAD} | {413}
    for operation in (operation.values[2] for operation in OPERATIONS):
        if "requestBody" in operation:
            written = {int(status) for status in operation["responses"]}
            assert {status for status in written if 400 <= status < 500} - {404} == statuses


def test_good_bodies_are_good_by_the_file(each):
    """What the suite takes for a valid item is one by the file's schema."""
    validator = Draft202012Validator(WHOLE["components"]["schemas"]["EchoedItem"])
    for good in GOOD:
        with each(good.name):
            validator.validate(good.item)


@pytest.mark.parametrize(("path", "verb", "operation"), OPERATIONS)
def test_success_is_json_and_failure_is_a_problem(path, verb, operation):
    """Each answer of an operation has the one media type that belongs to it."""
    for status, response in operation["responses"].items():
        expected = JSON if int(status) < 400 else PROBLEM
        assert set(response.get("content", {expected: None})) == {expected}
