import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.keyring import KeyRing, UnreadableSecretError

OLD, NEW = "old-" + "o" * 40, "new-" + "n" * 40


@given(st.binary(max_size=300), st.text(min_size=1, max_size=30))
def test_what_is_sealed_opens_again(value: bytes, purpose: str) -> None:
    ring = KeyRing([NEW])
    assert ring.open(purpose, ring.seal(purpose, value)) == value


def test_the_same_value_never_seals_twice_alike() -> None:
    ring = KeyRing([NEW])
    assert ring.seal("p", b"value") != ring.seal("p", b"value")


def test_a_rotated_ring_opens_old_values_and_seals_with_the_newest_key() -> None:
    sealed = KeyRing([OLD]).seal("p", b"value")
    rotated = KeyRing([NEW, OLD])
    assert rotated.open("p", sealed) == b"value"
    assert not sealed.startswith(rotated.current_prefix)
    assert rotated.seal("p", b"value").startswith(rotated.current_prefix)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]), id="altered tag"),
        pytest.param(lambda sealed: sealed[:20] + bytes([sealed[20] ^ 1]) + sealed[21:], id="altered text"),
        pytest.param(lambda sealed: b"\x02" + sealed[1:], id="another version"),
        pytest.param(lambda sealed: sealed[:1] + b"abcd" + sealed[5:], id="unknown key"),
        pytest.param(lambda sealed: sealed[:10], id="cut"),
        pytest.param(lambda sealed: b"", id="empty"),
    ],
)
def test_a_spoilt_value_is_refused(spoil) -> None:
    ring = KeyRing([NEW])
    with pytest.raises(UnreadableSecretError):
        ring.open("p", spoil(ring.seal("p", b"some value")))


def test_a_value_cannot_be_moved_to_another_column() -> None:
    ring = KeyRing([NEW])
    with pytest.raises(UnreadableSecretError):
        ring.open("api_key.secret", ring.seal("inbound_sms.content", b"value"))


def test_an_empty_ring_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        KeyRing([])
