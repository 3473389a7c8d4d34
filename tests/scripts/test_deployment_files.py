"""Procfile, Dockerfile and docker-compose.yml, checked as far as that goes without a container engine."""

import importlib.util
import json
import re
import shlex

import pytest
import yaml

from scripts.local.processes import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if "build" in service}
PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()


def _check_runs(command: list[str]) -> None:
    """The program is one of a Python package, and what it is given to run exists."""
    program, *arguments = command
    if program == "python":
        assert arguments[0] == "-m"
        assert importlib.util.find_spec(arguments[1])
        return
    assert program in {"gunicorn", "celery"}
    for argument in arguments:
        if argument.endswith(".py"):
            assert (ROOT / argument).is_file()
        elif re.fullmatch(r"api[.\w]+(:\w+)?", argument):
            assert importlib.util.find_spec(argument.partition(":")[0])


def _instructions(name: str) -> list[str]:
    return [line.split(maxsplit=1)[1] for line in DOCKERFILE if line.startswith(f"{name} ")]


@pytest.mark.parametrize("process", ["web", "worker", "clock", "postdeploy"])
def test_procfile_commands_exist(process: str) -> None:
    parts = shlex.split(PROCFILE[process])
    _check_runs([part for part in parts if not re.match(r"[A-Z_]+=", part)])


def test_the_image_starts_the_api() -> None:
    _check_runs(json.loads(_instructions("CMD")[-1]))


def test_the_image_runs_as_an_unprivileged_user_and_knows_its_health() -> None:
    assert _instructions("USER") == ["notifications"]
    check = json.loads(_instructions("HEALTHCHECK")[0].partition("CMD ")[2])
    compile(check[2], "healthcheck", "exec")
    assert "/health/live" in check[2]


def test_the_image_copies_what_exists_and_what_its_context_holds() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {line.split()[0] for line in _instructions("COPY") if not line.startswith("--from")}
    assert copied == allowed
    assert all((ROOT / path).exists() for path in copied)


def test_compose_has_every_process() -> None:
    assert COMPOSE["services"].keys() >= {"postgres", "valkey", "migrate", "api", "worker", "beat", "sandbox"}


@pytest.mark.parametrize("service", [service for service in OURS if "command" in OURS[service]])
def test_compose_commands_exist(service: str) -> None:
    _check_runs(OURS[service]["command"])


@pytest.mark.parametrize("service", OURS)
def test_compose_waits_for_what_a_service_needs(service: str) -> None:
    needs = {name: need["condition"] for name, need in OURS[service]["depends_on"].items()}
    if service == "migrate":
        assert needs == {"postgres": "service_healthy", "valkey": "service_healthy"}
    else:
        assert needs == {"migrate": "service_completed_successfully"}
    assert needs.keys() <= COMPOSE["services"].keys()


def test_compose_opens_ports_on_loopback_only_and_holds_no_secret() -> None:
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET", name):
                assert re.match(r"\$\{\w+:\?", value)


def test_compose_declares_its_volumes() -> None:
    used = {
        volume.split(":")[0]
        for service in COMPOSE["services"].values()
        for volume in service.get("volumes", [])
    }
    assert used == COMPOSE["volumes"].keys()
