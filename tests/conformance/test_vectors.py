"""Every vector against the real server."""

import pytest

from scripts.conformance_suite.deployment import Deployment
from scripts.conformance_suite.http_client import HttpClient
from scripts.conformance_suite.playing import Verdict, play
from scripts.conformance_suite.vectors import Vector, load_vectors

VECTORS = load_vectors()
# What a server of ours cannot give yet.
NOT_YET = {"letters", "files"}
SLOW = {"slow"}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_vector(vector: Vector, deployment: Deployment, http: HttpClient) -> None:
    outcome = play(vector, deployment, http)
    if outcome.verdict == Verdict.SKIPPED:
        assert set(vector.needs) & (NOT_YET | SLOW), f"the adapter does not give {outcome.lines[0]}"
        pytest.skip(outcome.lines[0])
    if outcome.verdict == Verdict.FAILED:
        pytest.fail("\n".join(outcome.lines), pytrace=False)


def test_there_are_as_many_vectors_as_promised() -> None:
    assert len(VECTORS) >= 150


@pytest.mark.parametrize(
    "fact",
    [
        *(f"rule authentication/{row}" for row in range(1, 14)),
        # Row 7, sanitising, refuses nothing.
        *(f"rule order-of-checks/{row}" for row in (1, 2, 3, 4, 5, 6, 8, 9, 10)),
        *(f"error AuthError {status}" for status in (401, 403)),
        "error ValidationError 400",
        "error BadRequestError 400",
        "error BadRequestError 403",
        "error InvalidPhoneError 400",
        "error NoResultFound 404",
        "error DataError 404",
        "error RateLimitError 429",
        "error TooManyRequestsError 429",
        "rule key-types/normal",
        "rule key-types/team",
        "rule key-types/test",
        "rule key-types/trial",
        "limit daily sms",
        "limit daily email",
        "limit daily letter",
        "limit daily international_sms",
        "limit sms-characters 918",
        "limit email-bytes 2000000",
        "limit reference 1000",
        "rule pagination/page-size",
        "rule pagination/next-on-last-page",
        "rule pagination/uuid-reference",
        "rule pagination/unknown-cursor",
    ],
)
def test_fact_is_covered(fact: str) -> None:
    assert any(fact in vector.facts for vector in VECTORS)
