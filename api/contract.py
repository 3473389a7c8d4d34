"""The public contract's closed sets and constants. Official clients depend on every value: none may change.

Messages that clients may read stay in English and are never translated.
"""

from enum import StrEnum


class Channel(StrEnum):
    """`notification_type` and `template_type`."""

    EMAIL = "email"
    SMS = "sms"
    LETTER = "letter"


class KeyType(StrEnum):
    NORMAL = "normal"
    TEAM = "team"
    TEST = "test"

    @property
    def label(self) -> str:
        """As named in rate limit errors."""
        return {"normal": "LIVE", "team": "TEAM", "test": "TEST"}[self.value]


class Status(StrEnum):
    """In the order in which the contract lists them in errors."""

    CANCELLED = "cancelled"
    CREATED = "created"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    PENDING = "pending"
    FAILED = "failed"
    TECHNICAL_FAILURE = "technical-failure"
    TEMPORARY_FAILURE = "temporary-failure"
    PERMANENT_FAILURE = "permanent-failure"
    PENDING_VIRUS_CHECK = "pending-virus-check"
    VALIDATION_FAILED = "validation-failed"
    VIRUS_SCAN_FAILED = "virus-scan-failed"
    RETURNED_LETTER = "returned-letter"


FAILED_STATUSES = (
    Status.TECHNICAL_FAILURE,
    Status.TEMPORARY_FAILURE,
    Status.PERMANENT_FAILURE,
    Status.VALIDATION_FAILED,
    Status.VIRUS_SCAN_FAILED,
    Status.RETURNED_LETTER,
)
# Statuses with a `completed_at` in the answers of the API.
COMPLETED_STATUSES = (
    Status.SENT,
    Status.DELIVERED,
    Status.FAILED,
    Status.TECHNICAL_FAILURE,
    Status.TEMPORARY_FAILURE,
    Status.PERMANENT_FAILURE,
    Status.RETURNED_LETTER,
    Status.CANCELLED,
    Status.VALIDATION_FAILED,
)
# Statuses that a receipt may still change.
OPEN_STATUSES = (Status.CREATED, Status.SENDING, Status.PENDING, Status.SENT)


class JobStatus(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in progress"
    FINISHED = "finished"
    FINISHED_ALL_NOTIFICATIONS_CREATED = "finished all notifications created"
    SENDING_LIMITS_EXCEEDED = "sending limits exceeded"
    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"
    ERROR = "error"


class CallbackType(StrEnum):
    DELIVERY_STATUS = "delivery_status"
    INBOUND_SMS = "inbound_sms"
    COMPLAINT = "complaint"


class ServicePermission(StrEnum):
    EMAIL = "email"
    SMS = "sms"
    LETTER = "letter"
    INTERNATIONAL_SMS = "international_sms"
    INTERNATIONAL_LETTERS = "international_letters"
    INBOUND_SMS = "inbound_sms"
    EMAIL_AUTH = "email_auth"
    EDIT_FOLDER_PERMISSIONS = "edit_folder_permissions"
    SMS_TO_LANDLINES = "sms_to_uk_landlines"


class UserPermission(StrEnum):
    MANAGE_USERS = "manage_users"
    MANAGE_TEMPLATES = "manage_templates"
    MANAGE_SETTINGS = "manage_settings"
    SEND_TEXTS = "send_texts"
    SEND_EMAILS = "send_emails"
    SEND_LETTERS = "send_letters"
    MANAGE_API_KEYS = "manage_api_keys"
    VIEW_ACTIVITY = "view_activity"


PAGE_SIZE = 250
MAX_REFERENCE_LENGTH = 1000
MAX_SMS_CHARACTERS = 918
MAX_EMAIL_BYTES = 2_000_000
CLOCK_TOLERANCE_SECONDS = 30
REVOKED_KEYS_SHOWN_FOR_DAYS = 7

# Simulated recipients: a normal answer, nothing stored, nothing sent (contract: statuses, simulated recipients).
SIMULATED_PHONE_NUMBERS = frozenset({"447700900000", "447700900111", "447700900222"})
SIMULATED_EMAIL_ADDRESSES = frozenset(
    f"simulate-delivered{suffix}@notifications.service.gov.uk" for suffix in ("", "-2", "-3")
)
# Outcomes of test keys (contract: statuses, test key behaviour): the end of the recipient decides.
TEST_OUTCOMES_BY_SMS_SUFFIX = {
    "7700900003": Status.TEMPORARY_FAILURE,
    "7700900002": Status.PERMANENT_FAILURE,
}
TEST_OUTCOMES_BY_EMAIL = {
    "temp-fail@simulator.notify": Status.TEMPORARY_FAILURE,
    "perm-fail@simulator.notify": Status.PERMANENT_FAILURE,
}
