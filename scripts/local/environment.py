"""The settings with which the local server runs our programs."""

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from scripts.local.data_folder import DataFolder, Secrets, write_private
from scripts.local.options import Ports
from scripts.local.ports import LOOPBACK

# What the person set for the server holds for `./scripts/notifications` too.
_KEPT = (
    "PATCHES",
    "SMS_PROVIDERS",
    "EMAIL_PROVIDERS",
    "DEFAULT_LANGUAGE",
    "DEFAULT_PHONE_REGION",
    "TIMEZONE",
)


def make_environment(
    folder: DataFolder,
    ports: Ports,
    secrets: Secrets,
    servers: Mapping[str, str],
    emulators: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """`servers`: addresses of private servers; `emulators`: settings to reach those. What the person set goes first."""
    api = f"http://{LOOPBACK}:{ports.api}"
    chosen = {
        **servers,
        "ENVIRONMENT": "development",
        "SECRET_KEYS": secrets.key_ring,
        "SANDBOX_SECRET": secrets.sandbox,
        "INTERNAL_CLIENT_SECRETS": json.dumps({"notify-admin": [secrets.admin_client]}),
        "API_BASE_URL": api,
        "ADMIN_BASE_URL": f"http://{LOOPBACK}:{ports.admin}",
        "DOCUMENTATION_URL": f"{api}/documentation",
        "SANDBOX_URL": f"http://{LOOPBACK}:{ports.sandbox}",
        "ALLOW_INSECURE_CALLBACKS": "true",  # the person who tries callbacks has a server on this machine
        "OBJECT_STORE_DIR": str(folder.objects),
        "WEB_CONCURRENCY": "2",
        **(emulators or {}),
    }
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {name: os.environ.get(name, value) for name, value in chosen.items()}


def write_environment(folder: DataFolder, environment: Mapping[str, str]) -> None:
    """For a shell (`set -a; . .data/env`) and for `./scripts/notifications`."""
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in environment.items()]
    write_private(folder.environment, "".join(lines))


def read_environment(data_dir: Path) -> dict[str, str]:
    """Empty when no server has run on the folder yet."""
    path = DataFolder(data_dir).environment
    if not path.exists():
        return {}
    return dict(part.split("=", 1) for part in shlex.split(path.read_text()))
