"""Telling operators at once, by a web hook of theirs: a bridge to Tchap, Mattermost or e-mail reads it.

Alerts are few and about the deployment; no recipient, secret or message may be in one.
"""

import logging
import time
from typing import Final

import orjson
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from api.config import Settings

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS: Final = 5.0
_PAUSES_SECONDS: Final = (0.5, 2.0)


def send_alert(settings: Settings, event: str, **fields: str | float) -> bool:
    """Post `{"event": …, **fields}` to `ALERT_WEBHOOK_URL`. False when nobody took it, or there is none; never raises.

    Tried three times, then not kept: alerts are in the log and the audit trail too.
    """
    if settings.alert_webhook_url is None:
        return False
    url, body = settings.alert_webhook_url.get_secret_value(), orjson.dumps({"event": event, **fields})
    with PoolManager(retries=False, timeout=_TIMEOUT_SECONDS) as pool:
        for pause in (*_PAUSES_SECONDS, None):
            problem = _post(pool, url, body)
            if problem is None:
                return True
            if pause is not None:
                time.sleep(pause)
    log.error("alert_not_taken", extra={"alert": event, "reason": problem})
    return False


def _post(pool: PoolManager, url: str, body: bytes) -> str | None:
    """What went wrong, if anything. The texts of exceptions hold the address, which is a secret with most bridges."""
    try:
        answer = pool.request(
            "POST", url, body=body, headers={"Content-Type": "application/json"}, redirect=False
        )
    except (HTTPError, ValueError) as error:
        return type(error).__name__
    return None if answer.status in range(200, 300) else f"HTTP {answer.status}"
