"""Messages of topics: which are believed, what they make us call, and what is left of them."""

import asyncio
import base64
import threading
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from hypothesis import given
from hypothesis import strategies as st

from api.providers.http_server import Request, Response, serve
from api.providers.protocol import (
    ForbiddenRequestError,
    MalformedRequestError,
    ProviderRequest,
    TryAgainLaterError,
    UnauthenticatedRequestError,
)
from api.providers.sns import (
    SIGNATURE_HASHES,
    SignatureVerifier,
    SnsSubscriber,
    TrustedOrigins,
    find_bad_origins,
    parse_envelope,
    string_to_sign,
)
from tests.api.providers.topics import make_certificate

ARN = "arn:aws:sns:eu-west-3:000000000000:notifications"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Sns:
    """Serves `pages` by path: a body, a status, or None to hang up; writes down what it was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | int | None] = {"/cert.pem": make_certificate(KEY)}
        self.asked: list[str] = []
        self.url = ""

    async def handle(self, request: Request) -> Response | None:
        self.asked.append(request.path + (f"?{request.query_string}" if request.query_string else ""))
        page = self.pages.get(request.path, 404)
        if page is None:
            return None
        return (
            Response(page, headers=(("Location", self.url),))
            if isinstance(page, int)
            else Response(200, page)
        )


@pytest.fixture
def sns() -> Iterator[Sns]:
    sns = Sns()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(serve(sns.handle, "127.0.0.1", 0), loop).result(5)
    sns.url = f"http://127.0.0.1:{server.port}"
    yield sns
    asyncio.run_coroutine_threadsafe(server.close(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


def make(sns: Sns, *, version: str = "2", key: rsa.RSAPrivateKey = KEY, **fields: Any) -> ProviderRequest:
    """A signed message; `None` leaves a field out before signing."""
    envelope = {
        "Type": "Notification",
        "MessageId": "m-1",
        "TopicArn": ARN,
        "Message": "hello\n→",
        "Timestamp": "2026-11-02T09:00:00.000Z",
        "SignatureVersion": version,
        "SigningCertURL": f"{sns.url}/cert.pem",
    } | fields
    envelope = {name: value for name, value in envelope.items() if value is not None}
    if "Signature" not in fields and envelope.get("SignatureVersion") in SIGNATURE_HASHES:
        algorithm = SIGNATURE_HASHES[envelope["SignatureVersion"]]
        signature = key.sign(string_to_sign(envelope), PKCS1v15(), algorithm)
        envelope["Signature"] = base64.b64encode(signature).decode()
    return request_of(envelope)


def request_of(envelope: Any, **headers: str) -> ProviderRequest:
    return ProviderRequest("POST", "/", headers, {}, orjson.dumps(envelope))


def subscribe(sns: Sns, authorities: tuple[bytes, ...] = ()) -> SnsSubscriber:
    origins = TrustedOrigins([sns.url], 2)
    issuers = [x509.load_pem_x509_certificate(pem) for pem in authorities]
    return SnsSubscriber("ses", [ARN], origins, SignatureVerifier(origins, issuers))


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", [None, "News"])
def test_signed_message_of_our_topic_is_believed(sns: Sns, version: str, subject: str | None) -> None:
    assert subscribe(sns).take(make(sns, version=version, Subject=subject)) == "hello\n→"


def test_certificate_is_fetched_once(sns: Sns) -> None:
    subscriber = subscribe(sns)
    for _ in range(3):
        subscriber.take(make(sns))
    assert sns.asked == ["/cert.pem"]


@pytest.mark.parametrize("name", ["Message", "MessageId", "Timestamp"])
def test_changed_field_breaks_the_signature(sns: Sns, name: str) -> None:
    envelope = orjson.loads(make(sns).body) | {name: "changed"}
    with pytest.raises(ForbiddenRequestError):
        subscribe(sns).take(request_of(envelope))


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"TopicArn": "arn:aws:sns:eu-west-3:111111111111:of-another-customer"}, ForbiddenRequestError),
        ({"key": OTHER_KEY}, ForbiddenRequestError),
        ({"Signature": None}, UnauthenticatedRequestError),
        ({"Signature": "not base64 !"}, ForbiddenRequestError),
        ({"SignatureVersion": "3", "Signature": "AAAA"}, ForbiddenRequestError),
        ({"SignatureVersion": None, "Signature": "AAAA"}, ForbiddenRequestError),
        ({"SigningCertURL": None}, ForbiddenRequestError),
        ({"Type": "Invitation", "Signature": "AAAA"}, MalformedRequestError),
        ({"Message": None, "Signature": "AAAA"}, MalformedRequestError),
    ],
)
def test_message_without_full_proof_is_refused(sns: Sns, fields: dict[str, Any], error: type) -> None:
    with pytest.raises(error) as raised:
        subscribe(sns).take(make(sns, **fields))
    assert type(raised.value) is error


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"Type": ["Notification"]}', b"\xff"])
def test_body_that_is_no_message_is_malformed(sns: Sns, body: bytes) -> None:
    with pytest.raises(MalformedRequestError):
        subscribe(sns).take(ProviderRequest("POST", "/", {}, {}, body))


@pytest.mark.parametrize("header", ["x-amz-sns-message-type", "x-amz-sns-message-id"])
def test_headers_must_tell_of_the_same_message(sns: Sns, header: str) -> None:
    envelope = orjson.loads(make(sns).body)
    with pytest.raises(MalformedRequestError):
        parse_envelope(request_of(envelope, **{header: "other"}))


@pytest.mark.parametrize(
    "address",
    [
        "https://sns.evil.example/cert.pem",
        "{sns}/cert.pem?x=1",
        "{sns}/cert.txt",
        "{sns}.evil.example/cert.pem",
        "{sns}@evil.example/cert.pem",
        "file:///etc/passwd.pem",
        "",
    ],
)
def test_certificate_is_only_fetched_where_it_may_be(sns: Sns, address: str) -> None:
    with pytest.raises(ForbiddenRequestError):
        subscribe(sns).take(make(sns, SigningCertURL=address.format(sns=sns.url)))
    assert sns.asked == []


@pytest.mark.parametrize(
    ("page", "error"),
    [
        (404, ForbiddenRequestError),
        (302, ForbiddenRequestError),
        (b"not a certificate", ForbiddenRequestError),
        (make_certificate(OTHER_KEY, days=(-2, -1)), ForbiddenRequestError),
        (make_certificate(OTHER_KEY, days=(1, 2)), ForbiddenRequestError),
        (make_certificate(ec.generate_private_key(ec.SECP256R1())), ForbiddenRequestError),
        (503, TryAgainLaterError),
        (None, TryAgainLaterError),
    ],
    ids=["absent", "moved", "no-certificate", "expired", "future", "other-algorithm", "away", "no-answer"],
)
def test_unusable_certificate_is_refused_and_an_absent_one_awaited(sns: Sns, page: Any, error: type) -> None:
    sns.pages["/other.pem"] = page
    with pytest.raises(error):
        subscribe(sns).take(make(sns, key=OTHER_KEY, SigningCertURL=f"{sns.url}/other.pem"))


def test_certificate_that_could_not_be_had_is_asked_for_again(sns: Sns) -> None:
    subscriber, page = subscribe(sns), sns.pages["/cert.pem"]
    sns.pages["/cert.pem"] = 500
    with pytest.raises(TryAgainLaterError):
        subscriber.take(make(sns))
    sns.pages["/cert.pem"] = page
    assert subscriber.take(make(sns)) == "hello\n→"


def test_named_authorities_must_have_issued_the_certificate(sns: Sns) -> None:
    authority = make_certificate(OTHER_KEY, name="authority")
    expired = make_certificate(OTHER_KEY, name="authority", days=(-2, -1))
    sns.pages["/issued.pem"] = make_certificate(KEY, issuer=(OTHER_KEY, "authority"))
    message = make(sns, SigningCertURL=f"{sns.url}/issued.pem")
    assert subscribe(sns, (authority,)).take(message) == "hello\n→"
    for subscriber, refused in [
        (subscribe(sns, (authority,)), make(sns)),  # signed by itself
        (subscribe(sns, (expired,)), message),
    ]:
        with pytest.raises(ForbiddenRequestError):
            subscriber.take(refused)


def make_confirmation(
    sns: Sns, address: str = "{sns}/?Action=ConfirmSubscription&Token=t"
) -> ProviderRequest:
    return make(sns, Type="SubscriptionConfirmation", Token="t", SubscribeURL=address.format(sns=sns.url))


def test_subscription_is_confirmed(sns: Sns) -> None:
    sns.pages["/"] = b"<ConfirmSubscriptionResponse/>"
    assert subscribe(sns).take(make_confirmation(sns)) is None
    assert sns.asked == ["/cert.pem", "/?Action=ConfirmSubscription&Token=t"]


@pytest.mark.parametrize("page", [500, 403, 302, None])
def test_confirmation_that_fails_is_asked_for_again(sns: Sns, page: int | None) -> None:
    sns.pages["/"] = page
    with pytest.raises(TryAgainLaterError):
        subscribe(sns).take(make_confirmation(sns))
    assert len(sns.asked) == 2  # no redirect is followed


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", "http://169.254.169.254/latest/", "{sns}0/"])
def test_confirmation_elsewhere_is_not_called(
    sns: Sns, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ForbiddenRequestError):
        subscribe(sns).take(make_confirmation(sns, address))
    assert sns.asked == ["/cert.pem"]
    assert "sns_confirmation_not_trusted" in caplog.messages


def test_unsigned_confirmation_calls_nothing(sns: Sns) -> None:
    envelope = orjson.loads(make_confirmation(sns).body)
    del envelope["Signature"]
    with pytest.raises(UnauthenticatedRequestError):
        subscribe(sns).take(request_of(envelope))
    assert sns.asked == []


def test_end_of_a_subscription_is_told_to_operators(sns: Sns, caplog: pytest.LogCaptureFixture) -> None:
    message = make(sns, Type="UnsubscribeConfirmation", Token="t", SubscribeURL=f"{sns.url}/?x")
    assert subscribe(sns).take(message) is None
    assert "sns_unsubscribed" in caplog.messages
    assert sns.asked == ["/cert.pem"]


@pytest.mark.parametrize(
    ("url", "is_trusted"),
    [
        ("https://sns.eu-west-3.amazonaws.com/SimpleNotificationService-0123.pem", True),
        ("https://sns.eu-west-3.amazonaws.com/?Action=ConfirmSubscription", True),
        ("http://sns.eu-west-3.amazonaws.com/x.pem", False),
        ("https://sns.eu-west-3.amazonaws.com", False),
        ("https://sns.eu-west-3.amazonaws.com:8443/x.pem", False),
        ("https://sns.eu-west-3.amazonaws.com.evil.example/x.pem", False),
        ("https://sns.evil.example/.amazonaws.com/x.pem", False),
        ("https://sns.a.b.amazonaws.com/x.pem", False),
        ("https://sns..amazonaws.com/x.pem", False),
        ("https://user@sns.eu-west-3.amazonaws.com/x.pem", False),
        ("https://sns.eu-west-3.amazonaws.com\\@evil.example/x.pem", False),
        ("https://sns.eu-west-3.amazonaws.com/x .pem", False),
        ("https://sns.eu-west-3.amazonaws.com/x\n.pem", False),
        ("https://SNS.eu-west-3.amazonaws.com/x.pem", False),
    ],
)
def test_origin_names_hosts_whole(url: str, is_trusted: bool) -> None:
    assert TrustedOrigins(["https://sns.*.amazonaws.com"], 1).trust(url) is is_trusted


def test_origins_are_encrypted_except_on_this_machine() -> None:
    bad = ["http://sns.eu-west-3.amazonaws.com", "https://sns.example/path", "sns.example", "https://"]
    good = ["https://sns.*.amazonaws.com", "https://sns.example:8443", "http://127.0.0.1:6020"]
    assert find_bad_origins([*good, *bad]) == bad


def test_string_to_sign_is_names_and_values_in_order() -> None:
    """Fields that are not signed, like the signature itself, have no part in it."""
    envelope = {
        "Type": "Notification",
        "MessageId": "4d4dc071",
        "Subject": "My subject",
        "TopicArn": ARN,
        "Message": "My Test Message",
        "Timestamp": "2012-05-02T00:54:06.655Z",
        "Signature": "not signed itself",
    }
    assert string_to_sign(envelope).decode() == (
        "Message\nMy Test Message\nMessageId\n4d4dc071\nSubject\nMy subject\n"
        f"Timestamp\n2012-05-02T00:54:06.655Z\nTopicArn\n{ARN}\nType\nNotification\n"
    )


@given(st.binary() | st.dictionaries(st.text(), st.text() | st.none()).map(orjson.dumps))
def test_any_body_is_understood_or_malformed(body: bytes) -> None:
    try:
        envelope = parse_envelope(ProviderRequest("POST", "/", {}, {}, body))
    except MalformedRequestError:
        return
    assert string_to_sign(envelope)
