"""Why recipients are suppressed, and for how long. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from api.config import Settings
from api.contract import Channel


class SuppressionReason(StrEnum):
    HARD_BOUNCE = "hard-bounce"  # the address does not exist
    COMPLAINT = "complaint"  # the person told their mailbox provider that our e-mail is spam
    OPT_OUT = "opt-out"  # the person answered STOP to a text
    OPERATOR = "operator"


def is_enforced(settings: Settings, channel: str, reason: str) -> bool:
    """Whether a message to a suppressed recipient is withheld."""
    is_opt_out = channel == Channel.SMS and reason == SuppressionReason.OPT_OUT
    return settings.honour_sms_opt_outs or not is_opt_out


def expiry(settings: Settings, reason: str, created_at: datetime) -> datetime | None:
    """Addresses come to life again; what people asked for, and operators, holds until it is taken back (None)."""
    if reason != SuppressionReason.HARD_BOUNCE or not settings.suppression_days:
        return None
    return created_at + timedelta(days=settings.suppression_days)
