"""The words of the sandbox's pages that depend on a value; the others stand in the templates."""

from typing import Final

from api.contract import Status
from notifications_utils.localisation import gettext_noop

CHANNELS: Final = {"sms": gettext_noop("Text message"), "email": gettext_noop("E-mail")}

# What was told about a message in the list; nothing yet, when there is no status.
STATUSES: Final[dict[str | None, str]] = {
    None: gettext_noop("none"),
    Status.PENDING: gettext_noop("pending"),
    Status.DELIVERED: gettext_noop("delivered"),
    Status.TEMPORARY_FAILURE: gettext_noop("temporary failure"),
    Status.PERMANENT_FAILURE: gettext_noop("permanent failure"),
}

BUTTONS: Final[dict[str, str]] = {
    Status.DELIVERED: gettext_noop("Delivered"),
    Status.TEMPORARY_FAILURE: gettext_noop("Temporary failure"),
    Status.PERMANENT_FAILURE: gettext_noop("Permanent failure"),
}

# `status` is the API's HTTP status, `label` a button's.
NOTICES: Final = {
    "told": gettext_noop("The API answered %(status)s: it has the receipt “%(label)s”."),
    "told_later": gettext_noop(
        "The API did not take the receipt “%(label)s” (answer %(status)s): it will be tried again."
    ),
    "replied": gettext_noop("The API answered %(status)s: it has the reply."),
    "replied_later": gettext_noop(
        "The API did not take the reply (answer %(status)s): it will be tried again."
    ),
    "reply_empty": gettext_noop("Write a text and the number that receives it."),
    "changed": gettext_noop("Setting saved."),
    "bad_delay": gettext_noop("The delay is a number of seconds between 0 and 3600."),
}
