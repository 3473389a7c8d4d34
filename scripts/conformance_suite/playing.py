"""Playing one vector against one deployment."""

import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from scripts.conformance_suite.deployment import Deployment
from scripts.conformance_suite.expanding import UnknownPlaceholderError, expand
from scripts.conformance_suite.http_client import Answer, HttpClient, NoAnswerError
from scripts.conformance_suite.matching import find_differences, look_up, show
from scripts.conformance_suite.tokens import authorization
from scripts.conformance_suite.vectors import Step, Vector

POLL_SECONDS: Final = 0.2
SHOWN_BODY_LENGTH: Final = 1500


class Verdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`lines` say why it failed or was skipped."""

    vector: Vector
    verdict: Verdict
    lines: tuple[str, ...] = ()


class _MismatchError(Exception):
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        super().__init__("\n".join(lines))


def play(
    vector: Vector, deployment: Deployment, client: HttpClient, sleep: Callable[[float], None] = time.sleep
) -> Outcome:
    """Never raises for what the deployment does."""
    if missing := deployment.missing_needs(vector):
        return Outcome(vector, Verdict.SKIPPED, (f"the deployment does not give {', '.join(missing)}",))
    values = {**deployment.placeholders, "random.uuid": str(uuid.uuid4())}
    for number, step in enumerate(vector.steps, 1):
        try:
            for _ in range(step.times):
                values |= _play_step(step, deployment, client, values, sleep)
        except _MismatchError as error:
            where = f"step {number} of {len(vector.steps)}: " if len(vector.steps) > 1 else ""
            first, *others = error.lines
            return Outcome(vector, Verdict.FAILED, (where + first, *others))
        except (UnknownPlaceholderError, NoAnswerError) as error:
            return Outcome(vector, Verdict.FAILED, (str(error),))
    return Outcome(vector, Verdict.PASSED)


def _play_step(
    step: Step,
    deployment: Deployment,
    client: HttpClient,
    values: Mapping[str, str],
    sleep: Callable[[float], None],
) -> dict[str, str]:
    """What the step saved. Raises `_MismatchError`."""
    sleep(step.wait)
    deadline = time.monotonic() + step.within
    while True:
        request = expand(step.request, values)
        auth = request.get("auth")
        headers = {"Authorization": authorization(auth, deployment.keys)} if auth else {}
        answer = client.send(request, headers)
        saved, problems = _save(step, answer)
        problems += _differences(step.expect, answer, {**values, **saved}) if not problems else []
        if not problems:
            return saved
        if time.monotonic() >= deadline:
            raise _MismatchError(_report(request, answer, problems))
        sleep(POLL_SECONDS)


def _save(step: Step, answer: Answer) -> tuple[dict[str, str], list[str]]:
    if not step.save:
        return {}, []
    try:
        return {name: str(look_up(answer.json, pointer)) for name, pointer in step.save.items()}, []
    except (ValueError, LookupError) as error:
        return {}, [f"the answer has nothing at {error}"]


def _differences(expect: Mapping[str, Any], answer: Answer, values: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    if "status" in expect and answer.status != expect["status"]:
        found.append(f"status: expected {expect['status']}, got {answer.status}")
    found += _header_differences(expect, answer)
    if not {"json", "keys", "absent"} & expect.keys():
        return found
    try:
        body = answer.json
    except ValueError:
        return [*found, "body: expected JSON"]
    found += find_differences(expand(expect.get("json", {}), values), body)
    found += _key_differences(expect, body)
    return found


def _header_differences(expect: Mapping[str, Any], answer: Answer) -> Iterator[str]:
    for name, pattern in expect.get("headers", {}).items():
        value = answer.headers.get(name)
        if value is None or not re.fullmatch(pattern, value):
            yield f"header {name}: expected {pattern}, got {value}"
    for name in expect.get("absent_headers", ()):
        if name in answer.headers:
            yield f"header {name}: expected none, got {answer.headers[name]}"


def _key_differences(expect: Mapping[str, Any], body: Any) -> Iterator[str]:
    for pointer, keys in expect.get("keys", {}).items():
        try:
            actual = look_up(body, pointer)
        except (LookupError, ValueError):
            actual = None
        if not isinstance(actual, dict):
            yield f"{pointer or '/'}: expected an object with the keys {show(keys)}"
        elif sorted(actual) != sorted(keys):
            more, fewer = sorted(actual.keys() - set(keys)), sorted(set(keys) - actual.keys())
            yield f"{pointer or '/'}: keys too many {show(more)}, keys missing {show(fewer)}"
    for pointer in expect.get("absent", ()):
        try:
            look_up(body, pointer)
        except (LookupError, ValueError):
            continue
        yield f"{pointer}: expected nothing there"


def _report(request: Mapping[str, Any], answer: Answer, problems: list[str]) -> list[str]:
    body = answer.body.decode(errors="replace")
    shown = body if len(body) <= SHOWN_BODY_LENGTH else f"{body[:SHOWN_BODY_LENGTH]}…"
    query = f" {show(request['query'])}" if request.get("query") else ""
    sent = request.get("json", request.get("body"))
    return [
        f"{request['method']} {request['path']}{query} → {answer.status}",
        *(f"  {problem}" for problem in problems),
        *([f"  sent: {show(sent)}"] if sent is not None else []),
        f"  answer: {shown}",
    ]
