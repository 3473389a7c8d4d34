"""What a deployment sets to use Scaleway Transactional Email."""

import uuid
from typing import Any

from pydantic import Field, FilePath, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from api.config import CommaSeparated, PatchSettings
from api.providers.sns import find_bad_origins


class ScalewaySettings(PatchSettings):
    model_config = SettingsConfigDict(env_prefix="SCALEWAY_")

    base_url: str = Field(
        "https://api.scaleway.com/transactional-email/v1alpha1/regions/fr-par",
        pattern="^https?://",
        description="Address of the API, with version and region.",
    )
    secret_key: SecretStr = Field(min_length=1, description="Secret of an IAM key that may send e-mails.")
    project_id: uuid.UUID = Field(description="Project that e-mails, domains and webhooks belong to.")
    domains: CommaSeparated = Field(
        default_factory=list,
        description="Domains of senders that `doctor` looks at. By default EMAIL_DOMAIN.",
    )
    webhook_secret: SecretStr = Field(
        min_length=16,
        description="Secret of our own, in the address that is subscribed to the topic: `?secret=…`.",
    )
    topic_arns: CommaSeparated = Field(
        min_length=1, description="ARNs of the topics that tell what became of e-mails; others are refused."
    )
    verify_signature: bool = Field(
        False,
        description="Also ask for the signature of each message of a topic. Not tried with a real account yet.",
    )
    trust_chain_file: FilePath | None = Field(
        None, description="PEM of the authority that must have issued the certificate of signatures."
    )
    sns_origins: CommaSeparated = Field(
        ["https://sns.mnq.fr-par.scaleway.com", "https://messaging.s3.fr-par.scw.cloud"],
        description="Where Scaleway serves confirmations and certificates: nothing else is called.",
    )
    pad_short: bool = Field(
        False,
        description="Lengthen subjects and texts under 10 characters by no-break spaces. By default the API decides.",
    )

    @field_validator("domains", "topic_arns", "sns_origins", mode="before")
    @classmethod
    def split_commas(cls, value: Any) -> Any:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator("sns_origins")
    @classmethod
    def check_origins(cls, value: list[str]) -> list[str]:
        if bad := find_bad_origins(value):
            raise ValueError(f"not `https://` and a host: {', '.join(bad)}")
        return value
