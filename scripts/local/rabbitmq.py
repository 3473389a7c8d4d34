"""A private RabbitMQ node for tests: loopback only, its own cookie, name service and data, nothing of the system's."""

import base64
import hashlib
import json
import os
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.local.ports import LOOPBACK, is_answering
from scripts.local.processes import Program

USER = "notifications"


@dataclass(frozen=True, slots=True)
class Binaries:
    server: Path
    epmd: Path


@dataclass(frozen=True, slots=True)
class Node:
    """One node with a virtual host for each of `hosts`."""

    binaries: Binaries
    folder: Path
    port: int
    distribution_port: int
    epmd_port: int
    password: str
    hosts: Sequence[str]

    def url(self, host: str) -> str:
        return f"amqp://{USER}:{self.password}@{LOOPBACK}:{self.port}/{host}"

    def create(self) -> None:
        """Write settings and the definitions that the node loads when it starts."""
        self.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        salt = os.urandom(4)
        digest = hashlib.sha256(salt + self.password.encode()).digest()
        rights = {"user": USER, "configure": ".*", "write": ".*", "read": ".*"}
        definitions = {
            "users": [
                {
                    "name": USER,
                    "password_hash": base64.b64encode(salt + digest).decode(),
                    "hashing_algorithm": "rabbit_password_hashing_sha256",
                    "tags": "administrator",
                }
            ],
            "vhosts": [{"name": host} for host in self.hosts],
            "permissions": [{**rights, "vhost": host} for host in self.hosts],
        }
        self._path("definitions.json").write_text(json.dumps(definitions))
        self._path("enabled_plugins").write_text("[].\n")
        self._path("rabbitmq.conf").write_text(
            f"listeners.tcp.default = {LOOPBACK}:{self.port}\n"
            f"load_definitions = {self._path('definitions.json')}\n"
            "disk_free_limit.absolute = 50MB\n"
            "log.file = false\nlog.console = true\nlog.console.level = warning\n"
        )

    def name_service(self, log: Path) -> Program:
        """Erlang's name service: without one of our own, the node would leave the system's running."""
        return Program(
            name="epmd",
            command=(str(self.binaries.epmd), "-port", str(self.epmd_port), "-address", LOOPBACK),
            log=log,
        )

    def has_name_service(self) -> bool:
        return is_answering(self.epmd_port)

    def program(self, log: Path) -> Program:
        return Program(
            name="rabbitmq",
            command=(str(self.binaries.server),),
            environment={
                "HOME": str(self.folder),  # the cookie
                "ERL_EPMD_PORT": str(self.epmd_port),
                "ERL_EPMD_ADDRESS": LOOPBACK,
                "RABBITMQ_NODENAME": f"notifications-{self.port}@localhost",
                "RABBITMQ_DIST_PORT": str(self.distribution_port),
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
                "RABBITMQ_CONFIG_FILE": str(self._path("rabbitmq.conf")),
                "RABBITMQ_CONF_ENV_FILE": str(self._path("rabbitmq-env.conf")),
                "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._path("enabled_plugins")),
                "RABBITMQ_MNESIA_BASE": str(self._path("data")),
                "RABBITMQ_LOG_BASE": str(self._path("log")),
                "RABBITMQ_PID_FILE": str(self._path("rabbitmq.pid")),
                "RABBITMQ_FEATURE_FLAGS_FILE": str(self._path("feature_flags")),
            },
            log=log,
            stop_signal=signal.SIGKILL,  # an orderly stop takes seconds and protects nothing that anybody wants
        )

    def is_ready(self) -> bool:
        """The listener opens last, after the definitions are loaded."""
        return is_answering(self.port)

    def _path(self, name: str) -> Path:
        return self.folder / name


def find_binaries() -> Binaries | None:
    """The node's own start script: the system's wrapper would change user and folders."""
    wrapper = shutil.which("rabbitmq-server") or shutil.which("/usr/sbin/rabbitmq-server")
    epmd = shutil.which("epmd")
    if not wrapper or not epmd:
        return None
    return Binaries(Path(wrapper).resolve().with_name("rabbitmq-server"), Path(epmd))
