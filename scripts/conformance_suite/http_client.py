"""One HTTP connection to a deployment."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import requests

TIMEOUT_SECONDS: Final = 30
_ABSENT: Final = object()


class NoAnswerError(Exception):
    """The deployment could not be reached, or did not answer in time."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # case-insensitive
    body: bytes

    @property
    def json(self) -> Any:
        """Raises `ValueError`."""
        return json.loads(self.body)


class HttpClient:
    def __init__(self, base_url: str) -> None:
        self._root = base_url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False  # neither a proxy nor a .netrc comes between

    def send(self, request: Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
        """`path` may be an address that the deployment gave: host and scheme are then this deployment's."""
        parts = urlsplit(request["path"])
        target = parts._replace(scheme="", netloc="").geturl()
        content = request.get("json", _ABSENT)
        body = request.get("body", "") if content is _ABSENT else json.dumps(content)
        sent = {"Content-Type": "application/json"} if content is not _ABSENT else {}
        try:
            answer = self._session.request(
                request["method"],
                self._root + target,
                params=request.get("query"),
                data=body.encode() or None,
                headers={**sent, **request.get("headers", {}), **headers},
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise NoAnswerError(f"no answer from {self._root}: {error}") from None
        return Answer(answer.status_code, answer.headers, answer.content)

    def close(self) -> None:
        self._session.close()
