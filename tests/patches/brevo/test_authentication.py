"""Who may tell us what became of messages."""

import uuid

import pytest

from api.providers.protocol import ForbiddenRequestError, ProviderRequest, UnauthenticatedRequestError
from patches.brevo.authentication import WebhookAuthentication

SECRET = "a secret of the tests é"
OURS = WebhookAuthentication(SECRET)
ID, OTHER_ID = uuid.uuid4(), uuid.uuid4()


def request(authorization: str | None = None, **query: str) -> ProviderRequest:
    headers = {} if authorization is None else {"authorization": authorization}
    return ProviderRequest("POST", "/notifications/sms/brevo", headers, query, b"{}")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_bearer_token_may_speak_of_any_message(scheme: str) -> None:
    assert OURS.check(request(f"{scheme} {SECRET}")) is None


def test_signed_address_may_speak_of_its_message() -> None:
    assert OURS.check(request(id=str(ID), token=OURS.sign(ID))) == ID


@pytest.mark.parametrize(
    "wrong",
    [
        request("Bearer another"),
        request("Bearer "),
        request("Bearer"),
        request("Bearer another", id=str(ID), token=OURS.sign(ID)),
        request(id=str(OTHER_ID), token=OURS.sign(ID)),
        request(id=str(ID), token="wrong"),
        request(id=str(ID), token="é"),
        request(id=str(ID), token=""),
        request(id="nonsense", token=OURS.sign(ID)),
        request(token=SECRET),
    ],
)
def test_wrong_proof_is_forbidden(wrong: ProviderRequest) -> None:
    with pytest.raises(ForbiddenRequestError):
        OURS.check(wrong)


def test_signed_address_is_no_proof_where_a_bearer_token_is_asked_for() -> None:
    OURS.check_bearer(request(f"Bearer {SECRET}"))
    with pytest.raises(UnauthenticatedRequestError):
        OURS.check_bearer(request(id=str(ID), token=OURS.sign(ID)))


@pytest.mark.parametrize("unproven", [request(), request("Basic abc"), request(id=str(ID))])
def test_caller_without_proof_is_asked_for_one(unproven: ProviderRequest) -> None:
    with pytest.raises(UnauthenticatedRequestError) as caught:
        OURS.check(unproven)
    assert not isinstance(caught.value, ForbiddenRequestError)


def test_another_secret_signs_otherwise() -> None:
    assert WebhookAuthentication("another secret").sign(ID) != OURS.sign(ID)
