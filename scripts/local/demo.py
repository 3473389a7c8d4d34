"""The demo service, and what the person who started the server is shown of it."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from scripts.local.data_folder import DataFolder
from scripts.local.processes import Program, run

_NOBODY = "+447700900012"  # reserved for fiction, and known to every country's rules
# Real providers are not asked to send to numbers of fiction; an emulator reaches nobody anyway.
_EMULATED = "+33612345678"
_SECRET_LENGTH = 36  # the end of an API key, a UUID, signs; the 36 characters before it name the service


def load_demo(folder: DataFolder, environment: Mapping[str, str]) -> dict[str, Any]:
    """Its facts; what is there already stays as it is, and the addresses are those of this run."""
    command = (sys.executable, "-m", "api.cli", "demo", "load", "--file", str(folder.demo))
    run(Program(name="demo load", command=command, environment=environment))  # no log: it prints passwords
    facts: dict[str, Any] = json.loads(folder.demo.read_text())
    return facts


def describe(demo: Mapping[str, Any], folder: DataFolder, python: str, *, emulated: bool = False) -> str:
    """What a person wants to know and to paste once everything runs."""
    keys = demo["keys"]
    key = keys["live"]
    secret, issuer = key[-_SECRET_LENGTH:], key[-2 * _SECRET_LENGTH - 1 : -_SECRET_LENGTH - 1]
    sms = demo["templates"]["sms"]
    recipient = _EMULATED if emulated else _NOBODY
    return f"""
  API      {demo["api_url"]}   (documentation: {demo["api_url"]}/documentation)
  Sandbox  {demo["sandbox_url"]}   what was "sent" (nothing leaves this machine): read it, deliver it, answer it
  Kept in  {folder.path}   (log/, demo.json for scripts, env for shells)

  Demo service {demo["service_id"]}
    live key  {keys["live"]}
    team key  {keys["team"]}
    test key  {keys["test"]}

  Operators' commands: ./scripts/notifications --help

With curl:

TOKEN=$({python} -c 'import jwt, time; print(jwt.encode({{"iss": "{issuer}", "iat": int(time.time())}}, "{secret}"))')
curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -d '{{"phone_number": "{recipient}", "template_id": "{sms}", "personalisation": {{"nom": "Ada"}}}}' \\
  {demo["api_url"]}/v2/notifications/sms

With the official Python client (the first time: {python} -m pip install notifications-python-client):

{python} - <<'END'
from notifications_python_client.notifications import NotificationsAPIClient
client = NotificationsAPIClient("{key}", base_url="{demo["api_url"]}")
sent = client.send_sms_notification("{recipient}", "{sms}", personalisation={{"nom": "Ada"}})
print(client.get_notification_by_id(sent["id"])["status"])
END

Ctrl-C stops everything.
"""
