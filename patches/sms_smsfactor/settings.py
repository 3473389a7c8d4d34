"""Settings of SMSFactor (docs/patches/sms_smsfactor.md)."""

from ipaddress import ip_address
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from api.config import CommaSeparated, PatchSettings
from patches.sms_smsfactor.proof import Algorithm


class SmsfactorSettings(PatchSettings):
    model_config = SettingsConfigDict(env_prefix="SMSFACTOR_")

    url: str = Field("https://api.smsfactor.com", pattern="^https?://", description="Address of the API.")
    token: SecretStr = Field(min_length=1, description="API token of the account.")
    send_method: Literal["POST", "GET"] = Field(
        "POST",
        description="`POST` keeps numbers and texts out of addresses, which proxies write to their logs.",
    )
    webhook_secret: SecretStr = Field(
        min_length=16, description="Given to SMSFactor with each web hook: signs receipts, replies and STOP."
    )
    signature_algorithm: Algorithm = Field(
        Algorithm.HMAC_SHA256_HEX,
        description="How it signs, which it does not document. The log names another algorithm that would do.",
    )
    source_address_header: str | None = Field(
        None,
        description="Header in which our proxy, and nobody else, writes the caller's address: then only "
        "SMSFACTOR_SOURCE_ADDRESSES may call. By default addresses are not looked at.",
    )
    source_addresses: CommaSeparated = Field(
        ["51.159.7.123", "51.159.21.54"], description="Servers from which SMSFactor calls, as it documents."
    )
    inbound_number: str | None = Field(
        None,
        pattern=r"^\d{4,15}$",
        description="Number or short code to which people reply, which SMSFactor does not tell. "
        "Without it replies are dropped.",
    )
    credit_alert_below: float = Field(
        1000, ge=0, description="Operators are told when fewer credits are left."
    )

    @field_validator("source_addresses", mode="before")
    @classmethod
    def split_commas(cls, value: Any) -> Any:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator("source_addresses")
    @classmethod
    def check_addresses(cls, value: list[str]) -> list[str]:
        return [str(ip_address(address)) for address in value]
