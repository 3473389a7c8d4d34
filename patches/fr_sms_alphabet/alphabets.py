"""The two alphabets that French teams choose from."""

from api.config import Settings
from notifications_utils.sms.alphabet import ECONOMY, FAITHFUL
from notifications_utils.sms.alphabets import SmsAlphabets


def make_alphabets(_settings: Settings) -> SmsAlphabets:
    """Economy by default: one ê, î, ô, û, ë, ï, œ, ç or À would leave 70 characters a part instead of 160."""
    return SmsAlphabets(ECONOMY, (FAITHFUL,), tells_changes=True)
