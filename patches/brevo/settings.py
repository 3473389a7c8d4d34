"""What a deployment sets to use Brevo."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from api.config import PatchSettings


class BrevoSettings(PatchSettings):
    model_config = SettingsConfigDict(env_prefix="BREVO_")

    url: str = Field("https://api.brevo.com/v3", description="Address of Brevo's API, with its version.")
    api_key: SecretStr = Field(min_length=1, description="Key of the API, version 3 (`xkeysib-…`).")
    webhook_token: SecretStr = Field(
        min_length=16,
        description="Secret of our own: the bearer token of registered webhooks, and the key that signs the address "
        "to which the receipts of each text message go.",
    )
    sms_credit_alert_below: float = Field(
        500, ge=0, description="Operators are told when fewer SMS credits than this are left."
    )
    email_credit_alert_below: float = Field(
        0, ge=0, description="Operators are told when fewer e-mails than this are left; 0: never."
    )
    inbound_number: str | None = Field(
        None,
        pattern=r"^\d{5,15}$",
        description="Number or short code to which people answer, digits only: Brevo does not name it. "
        "Without it, answers are not kept.",
    )
