"""`./scripts/server`: everything on one machine, from nothing to a demo that answers."""

import contextlib
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scripts.local import postgres, redis_server
from scripts.local.data_folder import DataFolder, Secrets, get_secrets
from scripts.local.demo import describe, load_demo
from scripts.local.environment import make_environment, write_environment
from scripts.local.errors import CannotStartError
from scripts.local.options import Options, parse_options
from scripts.local.ports import check_free
from scripts.local.processes import Program, end_leftovers, run
from scripts.local.programs import SERVERS, make_applications
from scripts.local.supervisor import Service, StopRequestedError, Supervisor

_LARGEST_LOG_BYTES = 10_000_000


def main(arguments: Sequence[str]) -> int:
    options = parse_options(arguments)
    folder = DataFolder(options.data_dir)
    supervisor = Supervisor(folder.run, say)
    try:
        folder.create()
        with folder.only_server(), supervisor.stopping_everything():
            start(options, folder, supervisor)
            supervisor.watch()
    except StopRequestedError:
        say("Everything is stopped.")
    except CannotStartError as error:
        say(f"\n{error.problem}\n{error.cure}")
        return 1
    return 0


def start(options: Options, folder: DataFolder, supervisor: Supervisor) -> None:
    began = time.monotonic()
    leftovers = end_leftovers(folder.run)
    if leftovers:
        say(f"Stopped what an earlier run had left: {', '.join(leftovers)}.")
    if options.reset:
        reset(folder)
    check_ports(options)
    emulators = start_emulators(options, folder, supervisor) if options.emulators else Emulators()
    secrets = get_secrets(folder)
    shorten_logs(folder)
    folder.empty_metrics()
    servers = start_servers(options, folder, secrets, supervisor)
    environment = make_environment(folder, options.ports, secrets, servers, emulators.settings)
    write_environment(folder, environment)
    say("Preparing the database…")
    migrate(folder, environment)
    applications = make_applications(folder, options.ports, environment)
    say(f"Starting {', '.join(service.name for service in applications)}…")
    supervisor.begin(*applications)
    demo = load_demo(folder, environment)
    supervisor.wait_for(*applications)
    say(f"\nNotifications runs (started in {time.monotonic() - began:.1f} s).")
    if emulators.description:
        say(f"\n{emulators.description}")
    say(describe(demo, folder, sys.executable, emulated=bool(emulators.description)))


@dataclass(frozen=True, slots=True)
class Emulators:
    """`settings` lead our clients to them."""

    settings: Mapping[str, str] = field(default_factory=dict)
    description: str = ""


def start_emulators(options: Options, folder: DataFolder, supervisor: Supervisor) -> Emulators:
    from scripts.local import emulators  # reads the whole series, for which others need not wait

    found = [*emulators.find_emulators(options.ports), *emulators.core_emulators(options.ports)]
    for emulator in found:
        check_free(emulator.port, f"the emulator of {emulator.name}")
    say(f"Starting emulators of {', '.join(emulator.name for emulator in found) or 'no provider'}…")
    check_free(options.ports.bounces, "what comes back by e-mail")
    supervisor.start(*emulators.make_services(found, folder))
    return Emulators(emulators.environment_of(found), emulators.describe(found))


def reset(folder: DataFolder) -> None:
    if "DATABASE_URL" in os.environ:
        raise CannotStartError(
            "--reset cannot empty the database that DATABASE_URL names.",
            "Empty that database yourself, or unset DATABASE_URL.",
        )
    folder.clear()
    folder.create()
    say(f"Forgot what was kept in {folder.path}.")


def check_ports(options: Options) -> None:
    ports = options.ports
    check_free(ports.api, "the API")
    check_free(ports.sandbox, "the sandbox")
    if "DATABASE_URL" not in os.environ:
        check_free(ports.postgres, "PostgreSQL")
    if "REDIS_URL" not in os.environ:
        check_free(ports.redis, "Redis")


def start_servers(
    options: Options, folder: DataFolder, secrets: Secrets, supervisor: Supervisor
) -> dict[str, str]:
    """Addresses of the private servers that the environment does not replace."""
    addresses: dict[str, str] = {}
    services: list[Service] = []
    if "DATABASE_URL" in os.environ:
        addresses["DATABASE_URL"] = os.environ["DATABASE_URL"]
    else:
        binaries = postgres.find_binaries(folder.postgres)
        cluster = postgres.Cluster(
            binaries, folder.postgres, options.ports.postgres, secrets.postgres_password
        )
        say(f"Starting PostgreSQL {binaries.major}…")
        postgres.create(cluster)
        services.append(Service(cluster.program(folder.logs / "postgres.log"), cluster.is_ready, SERVERS))
        addresses["DATABASE_URL"] = cluster.url()
    if "REDIS_URL" in os.environ:
        addresses["REDIS_URL"] = os.environ["REDIS_URL"]
    else:
        server = redis_server.RedisServer(
            redis_server.find_binary(), folder.redis, options.ports.redis, secrets.redis_password
        )
        say("Starting Redis…")
        server.create()
        services.append(Service(server.program(folder.logs / "redis.log"), server.is_ready, SERVERS))
        addresses |= {"REDIS_URL": server.url(0), "BROKER_URL": server.url(1)}
    if "BROKER_URL" in os.environ:
        addresses["BROKER_URL"] = os.environ["BROKER_URL"]
    supervisor.start(*services)
    return addresses


def migrate(folder: DataFolder, environment: Mapping[str, str]) -> None:
    command = (sys.executable, "-m", "api.cli", "db", "upgrade")
    run(Program(name="db upgrade", command=command, environment=environment, log=folder.logs / "migrate.log"))


def shorten_logs(folder: DataFolder) -> None:
    """Keep one older part of a log that has grown long."""
    for log in folder.logs.glob("*.log"):
        if log.stat().st_size > _LARGEST_LOG_BYTES:
            log.replace(log.with_name(f"{log.name}.1"))


def say(line: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone; what runs still has to be stopped
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
