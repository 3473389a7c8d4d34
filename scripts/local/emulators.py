"""Emulators of the providers, those of the series and of the core, for `./scripts/server --emulators` (design D11)."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from api.config import load_settings
from api.patch_series.loading import resolve
from api.patch_series.reading import Patch, find_folder, read_series, select
from scripts.local.data_folder import DataFolder
from scripts.local.options import Ports
from scripts.local.ports import LOOPBACK, is_answering
from scripts.local.processes import Program
from scripts.local.programs import APPLICATIONS
from scripts.local.supervisor import Service

if TYPE_CHECKING:
    from api.providers.emulation import Emulator

_CHANNELS: Final = {"sms_providers": "SMS_PROVIDERS", "email_providers": "EMAIL_PROVIDERS"}


@dataclass(frozen=True, slots=True)
class LocalEmulator:
    """One that is started by `python -m <command>`; `providers` is what it stands in for, by setting."""

    name: str
    command: tuple[str, ...]
    port: int
    environment: Mapping[str, str]
    providers: Mapping[str, list[str]]
    scheme: str = "http"

    @property
    def address(self) -> str:
        return f"{self.scheme}://{LOOPBACK}:{self.port}"


def find_emulators(ports: Ports, patches: Sequence[str] | None = None) -> list[LocalEmulator]:
    """Of the patches that apply, or of these, on the ports after those of the server."""
    chosen = load_settings().patches if patches is None else patches
    applied = select(read_series(find_folder(), today=date.min), chosen)
    emulated = [patch for patch in applied if patch.declaration.emulator]
    return [_make(patch, ports, ports.emulators + place) for place, patch in enumerate(emulated)]


def core_emulators(ports: Ports) -> list[LocalEmulator]:
    """Amazon SES, and a relay whose bounces come back to us."""
    from api.providers.ses.emulator import SesEmulator

    ses = f"http://{LOOPBACK}:{ports.ses}"
    relay = {
        "SMTP_HOST": LOOPBACK,
        "SMTP_PORT": str(ports.smtp),
        "SMTP_SECURITY": "none",
        "SMTP_BOUNCE_DOMAIN": "bounces.localhost",
    }
    bounces = ("--bounces", f"{LOOPBACK}:{ports.bounces}")
    return [
        LocalEmulator(
            "ses",
            _emulate("api.providers.ses.emulator:SesEmulator", ports, ports.ses),
            ports.ses,
            SesEmulator.environment(ses),
            {"EMAIL_PROVIDERS": ["ses"]},
        ),
        LocalEmulator(
            "smtp",
            ("api.providers.smtp.emulator", "--port", str(ports.smtp), *bounces),
            ports.smtp,
            relay,
            {"EMAIL_PROVIDERS": ["smtp"]},
            scheme="smtp",
        ),
    ]


def _emulate(target: str, ports: Ports, port: int) -> tuple[str, ...]:
    api_url = f"http://{LOOPBACK}:{ports.api}"
    return ("api.providers.emulate", target, "--port", str(port), "--api-url", api_url)


def _make(patch: Patch, ports: Ports, port: int) -> LocalEmulator:
    target = patch.declaration.emulator
    assert target is not None
    emulator: type[Emulator] = resolve(patch, target)
    providers: dict[str, list[str]] = {}
    for place in patch.declaration.fills:
        slot, _, name = place.partition(".")
        if slot in _CHANNELS:
            providers.setdefault(_CHANNELS[slot], []).append(name)
    address = f"http://{LOOPBACK}:{port}"
    where = f"{patch.module_of(target)}:{target.partition(':')[2]}"
    command = _emulate(where, ports, port)
    return LocalEmulator(patch.slug, command, port, emulator.environment(address), providers)


def environment_of(emulators: Iterable[LocalEmulator]) -> dict[str, str]:
    """Settings with which our clients use them. What the person set goes first, the providers to use included."""
    settings: dict[str, str] = {}
    providers: dict[str, list[str]] = {}
    for emulator in emulators:
        settings |= emulator.environment
        for setting, names in emulator.providers.items():
            providers.setdefault(setting, []).extend(names)
    settings |= {setting: ",".join(names) for setting, names in providers.items()}
    return {name: os.environ.get(name, value) for name, value in settings.items()}


def make_services(emulators: Iterable[LocalEmulator], folder: DataFolder) -> list[Service]:
    return [_service(emulator, folder) for emulator in emulators]


def _service(emulator: LocalEmulator, folder: DataFolder) -> Service:
    name = f"emulator-{emulator.name}"
    command = (sys.executable, "-m", *emulator.command)
    program = Program(name=name, command=command, log=folder.logs / f"{name}.log")
    return Service(program, lambda: is_answering(emulator.port), APPLICATIONS)


def describe(emulators: Iterable[LocalEmulator]) -> str:
    """Where their logs are read."""
    lines = [f"    {emulator.name:<18} {emulator.address}" for emulator in emulators]
    return "\n".join(["  Emulators of providers: what each was asked and answered", *lines, ""])
