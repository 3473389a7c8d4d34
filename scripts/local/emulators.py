"""Emulators of the series' providers, for `./scripts/server --emulators` (design D11)."""

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
    """One that is started: `target` is `module:class`, `providers` what it stands in for, by setting."""

    name: str
    target: str
    port: int
    environment: Mapping[str, str]
    providers: Mapping[str, list[str]]

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"


def find_emulators(ports: Ports, patches: Sequence[str] | None = None) -> list[LocalEmulator]:
    """Of the patches that apply, or of these, on the ports after those of the server."""
    chosen = load_settings().patches if patches is None else patches
    applied = select(read_series(find_folder(), today=date.min), chosen)
    emulated = [patch for patch in applied if patch.declaration.emulator]
    return [_make(patch, ports.emulators + place) for place, patch in enumerate(emulated)]


def _make(patch: Patch, port: int) -> LocalEmulator:
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
    return LocalEmulator(patch.slug, where, port, emulator.environment(address), providers)


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


def make_services(emulators: Iterable[LocalEmulator], folder: DataFolder, ports: Ports) -> list[Service]:
    return [_service(emulator, folder, ports) for emulator in emulators]


def _service(emulator: LocalEmulator, folder: DataFolder, ports: Ports) -> Service:
    name = f"emulator-{emulator.name}"
    command = (sys.executable, "-m", "api.providers.emulate", emulator.target)
    api_url = f"http://{LOOPBACK}:{ports.api}"
    options = ("--port", str(emulator.port), "--api-url", api_url)
    program = Program(name=name, command=(*command, *options), log=folder.logs / f"{name}.log")
    return Service(program, lambda: is_answering(emulator.port), APPLICATIONS)


def describe(emulators: Iterable[LocalEmulator]) -> str:
    """Where their logs are read."""
    lines = [f"    {emulator.name:<18} {emulator.address}" for emulator in emulators]
    return "\n".join(["  Emulators of providers: what each was asked and answered", *lines, ""])
