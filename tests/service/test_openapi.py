"""The API's own description, held against the service: every answer has the status and the shape that it promises."""

import json
import signal
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.core import NotSet
from schemathesis.core.result import Ok

from pvdctl.clock import sleep_s
from pvdctl.service.dial import UnixConnection
from tests.service.inside import BRIEF
from tests.service.served import Served, read

EXAMPLES = 6
"""Per operation; the whole search is `make soak`'s."""
NOT_CALLED = frozenset(("/v1/live", "/v1/simulations"))
"""A stream without an end, and one that takes seconds: both have tests of their own."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = tmp_path_factory.mktemp("openapi")
    recipes = place / "recipes"
    recipes.mkdir()
    (recipes / "brief.yaml").write_text(BRIEF)
    made = Served(place, recipes)
    yield made
    assert made.end(signal.SIGTERM) == 0, made.log
    assert "Traceback" not in made.log, made.log


@pytest.fixture(scope="module")
def description(served: Served) -> dict[str, Any]:
    status, found = served.raw("GET", "/v1/openapi.json")
    assert status == 200
    assert isinstance(found, dict)
    return found


def send(served: Served, case: Any) -> tuple[int, str, Any]:
    """One generated request, as it is; again when it was too much at once."""
    while True:
        connection = UnixConnection(str(served.socket), 20.0)
        body = None if isinstance(case.body, NotSet) else json.dumps(case.body).encode()
        headers = {"Content-Type": "application/json"} if body is not None else {}
        query = http_query(case.query)
        try:
            connection.request(case.method, quoted(case.formatted_path) + query, body, headers)
            answer = connection.getresponse()
            kind = answer.getheader("Content-Type", "")
            status, found = read(answer)
        finally:
            connection.close()
        if status != 429:
            return status, kind, found
        sleep_s(0.2)


def quoted(path: str) -> str:
    return quote(path, safe="/%:@!$&'()*+,;=-._~")


def http_query(query: Any) -> str:
    return f"?{urlencode(query, doseq=True)}" if query else ""


def test_the_description_is_complete(description: dict[str, Any]) -> None:
    operations = [(path, method, each) for path, on in description["paths"].items() for method, each in on.items()]
    assert len(operations) > 25
    for path, method, operation in operations:
        assert operation["description"], path
        assert method in ("get", "post")
        assert ("requestBody" in operation) == (method == "post"), path
        assert {"401", "403", "409", "422", "429"} <= set(operation["responses"])
    for name, schema in description["components"]["schemas"].items():
        if not name.endswith("Error"):  # the framework's own
            assert schema.get("description"), name


@pytest.fixture(scope="module")
def operations(description: dict[str, Any]) -> list[Any]:
    schema = schemathesis.openapi.from_dict(description)
    found = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    return [operation for operation in found if operation.path not in NOT_CALLED]


def judge(served: Served, description: dict[str, Any], operation: Any) -> None:
    """A few requests to one operation."""
    promised = description["paths"][operation.path][operation.method]["responses"]

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy())
    def holds(case: Any) -> None:
        status, kind, found = send(served, case)
        assert str(status) in promised, (operation.label, status, found)
        content = promised[str(status)]["content"]
        if "application/json" in content:
            assert kind == "application/json"
            schema = {**content["application/json"]["schema"], "components": description["components"]}
            jsonschema_rs.validate(schema, found)

    holds()


def test_every_answer_is_as_described(served: Served, description: dict[str, Any], operations: list[Any]) -> None:
    assert len(operations) > 20
    for operation in operations:
        judge(served, description, operation)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=st.binary(max_size=300))
def test_noise_on_the_socket_harms_nobody(served: Served, raw: bytes) -> None:
    with served.connected() as noisy:
        noisy.sendall(raw + b"\r\n\r\n")
    assert served.raw("GET", "/v1/me")[0] == 200
