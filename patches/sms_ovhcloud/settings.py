"""Settings of OVHcloud SMS. They are read when `ovhcloud` is named in `SMS_PROVIDERS`."""

from typing import Any

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from api.config import CommaSeparated, InvalidConfigurationError, PatchSettings, Settings


class OvhcloudSettings(PatchSettings):
    model_config = SettingsConfigDict(env_prefix="OVHCLOUD_")

    endpoint: str = Field(
        "https://eu.api.ovh.com/1.0", pattern=r"^https?://", description="Address of the OVHcloud API."
    )
    application_key: str = Field(min_length=1, description="Application key (AK) of the API.")
    application_secret: SecretStr = Field(min_length=1, description="Its secret (AS): signs every request.")
    consumer_key: SecretStr = Field(
        min_length=1, description="Consumer key (CK), with rights on `/sms/<service>*` and `/sms/ptts`."
    )
    service_name: str = Field(
        pattern=r"^[A-Za-z0-9._-]+$", description="The SMS account, such as `sms-xx11111-1`."
    )
    default_sender: str | None = Field(
        None, description="Sender in place of those that are not in OVHCLOUD_APPROVED_SENDERS."
    )
    approved_senders: CommaSeparated = Field(
        default_factory=list,
        description="Senders that OVHcloud has approved. Without OVHCLOUD_DEFAULT_SENDER nothing is replaced.",
    )
    callback_secret: SecretStr = Field(
        min_length=16, description="Carried by the address for receipts, as `?secret=`."
    )
    poll_after_seconds: float = Field(
        600, ge=1, description="A receipt that has not come after this many seconds is asked for."
    )
    delete_history: bool = Field(
        True, description="Delete messages and received texts at OVHcloud once we have all that we need."
    )
    inbound_number: str | None = Field(
        None,
        description="The number whose replies the account keeps. Without it, replies are not fetched.",
    )
    credit_alert_below: float = Field(
        500, ge=0, description="Operators are told when fewer credits than this are left."
    )
    no_credit_words: CommaSeparated = Field(
        ["credit"],
        description="An error whose text holds one of these words means that no credit is left.",
    )

    @field_validator("approved_senders", "no_credit_words", mode="before")
    @classmethod
    def split_commas(cls, value: Any) -> Any:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @classmethod
    def load_for(cls, settings: Settings) -> "OvhcloudSettings":
        """Raises `InvalidConfigurationError`."""
        own = cls.load()
        if settings.environment == "production" and not own.endpoint.startswith("https://"):
            raise InvalidConfigurationError(
                ["OVHCLOUD_ENDPOINT: messages would travel in clear; use https://"]
            )
        return own

    def sender_of(self, wanted: str) -> str:
        """As OVHcloud wants it: a number in international form with its `+`, a name or a short code as it is."""
        sender = wanted if not self.default_sender or wanted in self.approved_senders else self.default_sender
        return f"+{sender}" if sender.isdecimal() and len(sender) > _SHORT_CODE_LENGTH else sender


_SHORT_CODE_LENGTH = 6
