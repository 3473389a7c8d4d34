"""French public bodies: numbers, domains, and the register over a real socket."""

from collections.abc import Iterator

import pytest

from api.core.command_errors import InvalidValueError
from api.core.organisations.membership import PublicBody, RegisterUnavailableError
from api.providers.emulation import Conduct, Fault, running
from patches.fr_public_sector import categories
from patches.fr_public_sector.emulator import BODIES, RegisterEmulator
from patches.fr_public_sector.identifiers import read_identifier
from patches.fr_public_sector.register import Register
from patches.fr_public_sector.rules import FrenchPublicSector
from patches.fr_public_sector.settings import PublicSectorSettings

TOWN, TOWN_HALL = "210000006", "21000000600002"


@pytest.fixture
def emulator() -> Iterator[RegisterEmulator]:
    emulator = RegisterEmulator("http://127.0.0.1:9")
    with running(emulator):
        yield emulator


def rules_of(emulator: RegisterEmulator, **settings: str) -> FrenchPublicSector:
    own = PublicSectorSettings.load(api_url=emulator.address, timeout_seconds=1, **settings)
    return FrenchPublicSector(own, Register(own.api_url, own.timeout_seconds))


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("210000006", "210000006"),
        ("210 000 006", "210000006"),
        ("210\u00a0000\u202f006 00002", TOWN_HALL),
        ("210.000.006-00002", TOWN_HALL),
        ("356 000 000", "356000000"),
        ("35600000000048", "35600000000048"),  # La Poste: its headquarters follow Luhn too
        ("35600000009075", "35600000009075"),  # and its offices a sum that five divides
    ],
)
def test_number_is_read(text: str, digits: str) -> None:
    assert read_identifier(text) == digits


@pytest.mark.parametrize(
    "text",
    [
        "",
        "21000000",
        "2100000060000",
        "210000007",
        "21000000600003",
        "2100000O6",
        "٢١٠٠٠٠٠٠٦",
        "35600000009076",
    ],
)
def test_number_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError):
        read_identifier(text)


@pytest.mark.parametrize(
    ("siren", "is_public", "is_active", "kind"),
    [
        ("110000007", True, True, "central"),
        ("110000015", True, True, "central"),
        (TOWN, True, True, "local"),  # by its category: the register says nothing
        ("260000005", True, True, "health"),
        ("500000005", False, True, None),
        ("200000008", False, False, "local"),  # dissolved
    ],
)
def test_register_tells_who_is_public(
    emulator: RegisterEmulator, siren: str, is_public: bool, is_active: bool, kind: str | None
) -> None:
    found = rules_of(emulator).find_body(siren)

    name = next(body["nom_complet"] for body in BODIES if body["siren"] == siren)
    assert found == PublicBody(siren, name, is_public, is_active, kind)


def test_establishment_is_found_by_its_siret(emulator: RegisterEmulator) -> None:
    found = rules_of(emulator).find_body(TOWN_HALL)

    assert found is not None
    assert (found.identifier, found.is_public) == (TOWN_HALL, True)


def test_unknown_number_finds_nobody(emulator: RegisterEmulator) -> None:
    assert rules_of(emulator).find_body("732829320") is None


def test_operator_has_the_last_word(emulator: RegisterEmulator) -> None:
    refusing = rules_of(emulator, refused_sirens=f" {TOWN} ,1").find_body(TOWN)
    accepting = rules_of(emulator, public_sirens="500000005").find_body("500000005")

    assert refusing is not None
    assert not refusing.is_public
    assert accepting is not None
    assert accepting.is_public


@pytest.mark.parametrize(
    "fault", [Fault.TOO_MANY_REQUESTS, Fault.SERVER_ERROR, Fault.LOST_ANSWER, Fault.UNAVAILABLE, Fault.SLOW]
)
def test_register_that_fails_says_nothing_about_the_body(emulator: RegisterEmulator, fault: Fault) -> None:
    emulator.conduct = Conduct(faults={fault: 1}, slow_seconds=3)

    with pytest.raises(RegisterUnavailableError):
        rules_of(emulator).find_body(TOWN)


def test_register_that_is_away_says_nothing_about_the_body() -> None:
    own = PublicSectorSettings.load(api_url="http://127.0.0.1:9")

    with pytest.raises(RegisterUnavailableError):
        FrenchPublicSector(own, Register(own.api_url, 1)).find_body(TOWN)


def test_doctor_hears_of_a_register_that_is_away(emulator: RegisterEmulator) -> None:
    assert rules_of(emulator).problems() == []

    emulator.conduct = Conduct(faults={Fault.UNAVAILABLE: 1})
    assert len(rules_of(emulator).problems()) == 1


@pytest.mark.parametrize(
    ("address", "is_known", "is_personal"),
    [
        ("lea@interieur.gouv.fr", True, False),
        ("LEA@Interieur.Gouv.FR", True, False),
        ("lea@ac-reunion.fr", True, False),
        ("lea@x.ac-reunion.fr", True, False),
        ("lea@aphp.fr", True, False),
        ("lea@belrive.example", False, False),
        ("lea@gouv.fr.example", False, False),
        ("lea@evilgouv.fr", False, False),
        ("lea@acme.fr", False, False),
        ("lea@gmail.com", False, True),
        ("lea@orange.fr", False, True),
        ("", False, False),
    ],
)
def test_domain_helps_who_types(
    emulator: RegisterEmulator, address: str, is_known: bool, is_personal: bool
) -> None:
    rules = rules_of(emulator)

    assert (rules.is_known_domain(address), rules.is_personal_domain(address)) == (is_known, is_personal)


def test_operator_adds_domains(emulator: RegisterEmulator) -> None:
    assert rules_of(emulator, extra_domains="belrive.example").is_known_domain("lea@mairie.belrive.example")


@pytest.mark.parametrize(
    ("category", "kind"),
    [
        ("7113", "central"),
        ("7210", "local"),
        ("7331", "school_or_college"),
        ("7346", "local"),
        ("7364", "health"),
        ("7372", "emergency_service"),
        ("7389", "operator"),
        ("8110", "social_security"),
        ("5710", None),
        ("", None),
    ],
)
def test_category_proposes_a_kind(category: str, kind: str | None) -> None:
    assert categories.type_of(category) == kind
    assert kind is None or kind in categories.TYPES
