"""A running application in front of a real database; each test makes services of its own."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from api.app import create_app
from api.http.ops.openapi_document import OPERATIONS, Operation
from api.http.v2.response_schemas import RESPONSES
from api.runtime import Runtime
from tests.factories import TestKey


@dataclass
class Api:
    """The public API as seen by the holder of a key."""

    client: FlaskClient
    key: TestKey | None = None

    def with_key(self, key: TestKey) -> "Api":
        return Api(self.client, key)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self._call("GET", path, options)

    def post(self, path: str, json: object = None, **options: Any) -> TestResponse:
        return self._call("POST", path, options if json is None else {"json": json, **options})

    def _call(self, method: str, path: str, options: dict[str, Any]) -> TestResponse:
        headers = self.key.headers if self.key else {}
        answer = self.client.open(path, method=method, headers=headers, **options)
        check_described(method, answer)
        return answer


def check_described(method: str, answer: TestResponse) -> None:
    """Whatever a public route answers is as `/openapi.json` says."""
    for operation in OPERATIONS:
        if operation.method == method.lower() and is_path_of(operation, answer.request.path):
            name = operation.answer if answer.status_code == operation.status else "Errors"
            if "result" in answer.get_json():
                name = "Unsubscribed" if answer.status_code == 200 else "PlainError"
            schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": RESPONSES}}
            Draft202012Validator(schema).validate(answer.get_json())


def is_path_of(operation: Operation, path: str) -> bool:
    return bool(re.fullmatch(re.sub(r"{\w+}", "[^/]+", operation.path), path))


@pytest.fixture
def anonymous(runtime: Runtime) -> Api:
    return Api(create_app(runtime.settings, runtime).test_client())


def messages(response: TestResponse) -> list[str]:
    """What the contract's errors say."""
    return [error["message"] for error in response.get_json()["errors"]]
