"""The one typed configuration object, read from the environment once at start.

Every problem is reported at once; secrets are masked in representations. Add a field with a description: the page
`docs/reference/configuration.md` is generated from here and checked.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from api.db.engine import normalise_database_url

CommaSeparated = Annotated[list[str], NoDecode]
MIN_SECRET_LENGTH = 32
DEVELOPMENT_SECRET = "insecure-development-secret-0123456789"  # noqa: S105


class InvalidConfigurationError(Exception):
    """The environment does not make a usable configuration; `problems` says all of what is wrong."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(
            "Configuration is not usable:\n" + "\n".join(f"  - {problem}" for problem in problems)
        )


class Settings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=False)

    environment: Literal["development", "test", "production"] = Field(
        "development", description="`production` refuses development secrets and plain-text addresses."
    )
    database_url: str = Field(
        "postgresql://localhost/notifications",
        repr=False,  # it holds a password
        description="PostgreSQL 15 to 18. `postgres://` is understood.",
    )
    database_pool_size: int = Field(5, ge=1, le=200, description="Connections kept by one web process.")
    database_statement_timeout_ms: int = Field(
        30_000, ge=100, description="A statement of a web request is cancelled after this many milliseconds."
    )
    redis_url: SecretStr = Field(
        SecretStr("redis://localhost:6379/0"), description="Redis 6.2+ or Valkey, for limits."
    )
    redis_timeout_seconds: float = Field(
        0.5, gt=0, description="Limits fail open when Redis does not answer within this time."
    )
    broker_url: SecretStr | None = Field(
        None, description="Celery broker: `redis://…` or `amqp://…` (RabbitMQ). By default REDIS_URL."
    )
    secret_keys: SecretStr = Field(
        SecretStr(DEVELOPMENT_SECRET),
        description="Comma-separated key ring for data at rest, newest first; each at least 32 characters.",
    )
    internal_client_secrets: dict[str, list[SecretStr]] = Field(
        default_factory=dict,
        description='JSON: client name → accepted secrets, for internal routes. `{"notify-admin": ["…"]}`',
    )
    metrics_token: SecretStr | None = Field(
        None, description="When set, `/metrics` asks for it as a bearer token."
    )

    patches: CommaSeparated | None = Field(
        None,
        description="Patches of `patches/series` to apply, by name. By default all; `none`: the country-neutral core.",
    )
    patch_review_grace_days: int = Field(
        30,
        ge=0,
        description="In production, a patch still starts for so many days after its `review-by`; elsewhere for none.",
    )

    api_base_url: str = Field(
        "http://localhost:6010", description="Address under which clients reach the API."
    )
    admin_base_url: str = Field("http://localhost:6011", description="Address of the web application.")
    documentation_url: str = Field(
        "http://localhost:6010/documentation",
        description="Named in errors that ask to read the documentation.",
    )
    trust_forwarded_proto: bool = Field(
        False, description="Honour `X-Forwarded-Proto`: only behind a proxy that sets it."
    )
    cache_seconds: float = Field(
        2.0, ge=0, description="How long a process may use a service, key or template without asking again."
    )

    email_domain: str = Field("notifications.localhost", description="Domain of the senders' addresses.")
    default_phone_region: str | None = Field(
        None,
        description="Region (ISO 3166) of numbers in national form. Without it: international form only.",
    )
    default_language: Literal["en", "fr"] = Field(
        "en", description="Language of joined lists and of the footers of e-mails."
    )
    default_sms_sender: str = Field("NOTIF", max_length=11, description="Sender of a service that has none.")
    timezone: str | None = Field(
        None,
        description="Time zone of people (IANA name): days of statistics and retention. By default the calendar's.",
    )
    currency: str = Field("EUR", min_length=3, max_length=3, description="ISO 4217 code of all amounts.")

    sms_providers: CommaSeparated = Field(["sandbox"], description="Providers that may send text messages.")
    email_providers: CommaSeparated = Field(["sandbox"], description="Providers that may send e-mails.")
    provider_timeout_seconds: float = Field(
        10.0, gt=0, description="Time a provider has to answer a request."
    )
    sandbox_url: str = Field("http://localhost:6012", description="Address of the sandbox provider.")
    sandbox_secret: SecretStr = Field(
        SecretStr(DEVELOPMENT_SECRET), description="Shared with the sandbox: signs requests and receipts."
    )
    smtp_host: str | None = Field(None, description="Relay of the `smtp` provider.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the relay.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="`none` is refused in production."
    )
    smtp_username: str | None = Field(None, description="Account on the relay.")
    smtp_password: SecretStr | None = Field(None, description="Its password.")
    ses_region: str = Field("eu-west-3", description="AWS region of the `ses` provider.")
    ses_access_key_id: str | None = Field(None, description="Access key; by default boto3's own search.")
    ses_secret_access_key: SecretStr | None = Field(None, description="Secret of the access key.")
    ses_configuration_set: str | None = Field(
        None,
        description="Configuration set whose events go to the topic; without it, the identity's feedback.",
    )
    ses_topic_arns: CommaSeparated = Field(
        default_factory=list,
        description="ARNs of the SNS topics that tell what became of e-mails; others are refused.",
    )
    ses_sns_origins: CommaSeparated = Field(
        ["https://sns.*.amazonaws.com"],
        description="Where SNS serves certificates and confirmations; `*` stands for one label of the host.",
    )
    ses_endpoint_url: str | None = Field(
        None, description="Address of SES, when it is not that of the region."
    )
    smtp_bounce_domain: str | None = Field(
        None,
        description="Domain to which undeliverable e-mails return, a different address each; bounces are then read.",
    )
    smtp_bounce_imap_url: SecretStr | None = Field(
        None,
        description="Mailbox with the bounces: `imaps://user:password@host[:993][/folder]`, URL-encoded. It is emptied.",
    )
    smtp_delivered_after_hours: int = Field(
        24,
        ge=1,
        le=71,
        description="With SMTP_BOUNCE_DOMAIN: an e-mail that has not come back after this long counts as delivered.",
    )

    object_store_dir: str | None = Field(None, description="Folder of recipient files, when S3 is not used.")
    s3_bucket: str | None = Field(None, description="Bucket of recipient files.")
    s3_endpoint_url: str | None = Field(None, description="Address of an S3-compatible store.")
    s3_region: str | None = Field(None, description="Region of the bucket.")
    s3_access_key_id: str | None = Field(None, description="Access key; by default boto3's own search.")
    s3_secret_access_key: SecretStr | None = Field(None, description="Secret of the access key.")

    suppression_days: int = Field(
        180,
        ge=0,
        description="Days for which an address that does not exist gets nothing more. 0: until it is removed by hand.",
    )
    honour_sms_opt_outs: bool = Field(
        True,
        description="Send nothing to numbers that answered STOP. Their provider refuses them anyway; others might not.",
    )
    republish_after_seconds: int = Field(
        300, ge=1, description="A message still `created` after this long is put on the queue again."
    )
    unknown_after_seconds: int = Field(
        120, ge=1, description="A delivery without an answer for this long counts as of unknown outcome."
    )
    alert_webhook_url: SecretStr | None = Field(
        None,
        description="Operators are told here, as JSON by POST, when the credit of a provider runs low.",
    )
    callback_retry_seconds: int = Field(
        300, ge=1, description="Time between two tries of a service callback."
    )
    callback_timeout_seconds: float = Field(5.0, gt=0, description="Time a service has to answer a callback.")
    allow_insecure_callbacks: bool = Field(
        False, description="Accept `http://` and private callback addresses: for development only."
    )
    default_retention_days: int = Field(
        7, ge=3, le=90, description="Days a message is kept, unless set otherwise."
    )
    history_retention_days: int = Field(
        365, ge=7, description="Days its traces without personal data are kept."
    )
    log_level: str = Field("INFO", description="Lowest level written to the log.")

    @field_validator(
        "patches", "sms_providers", "email_providers", "ses_topic_arns", "ses_sns_origins", mode="before"
    )
    @classmethod
    def split_commas(cls, value: Any) -> Any:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator("alert_webhook_url")
    @classmethod
    def name_the_scheme(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("https://", "http://")):
            raise ValueError("must begin with https:// or http://")
        return value

    @field_validator("database_url")
    @classmethod
    def name_the_driver(cls, value: str) -> str:
        return normalise_database_url(value)

    @model_validator(mode="after")
    def check_together(self) -> Self:
        if any(len(key) < MIN_SECRET_LENGTH for key in self.key_ring_secrets):
            raise ValueError(f"SECRET_KEYS: each key needs at least {MIN_SECRET_LENGTH} characters")
        if self.unknown_after_seconds < 2 * self.provider_timeout_seconds:
            raise ValueError(
                "UNKNOWN_AFTER_SECONDS must be at least twice PROVIDER_TIMEOUT_SECONDS: a delivery that is still "
                "under way would be taken for lost, and sent twice"
            )
        if self.environment != "production":
            return self
        secrets = [*self.key_ring_secrets]
        if "sandbox" in [*self.sms_providers, *self.email_providers]:
            secrets.append(self.sandbox_secret.get_secret_value())
        if DEVELOPMENT_SECRET in secrets:
            raise ValueError(
                "SECRET_KEYS and SANDBOX_SECRET must be set to secrets of your own in production"
            )
        if "smtp" in self.email_providers and self.smtp_security == "none":
            raise ValueError("SMTP_SECURITY: `none` would send messages in clear; use starttls or tls")
        if self.smtp_bounce_imap_url and self.smtp_bounce_imap_url.get_secret_value().startswith("imap:"):
            raise ValueError("SMTP_BOUNCE_IMAP_URL: `imap://` would send the password in clear; use imaps://")
        return self

    @property
    def key_ring_secrets(self) -> list[str]:
        return [key.strip() for key in self.secret_keys.get_secret_value().split(",") if key.strip()]

    @property
    def broker(self) -> str:
        return (self.broker_url or self.redis_url).get_secret_value()


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process, or `InvalidConfigurationError` naming every problem."""
    return _load(Settings, "", overrides)


class PatchSettings(BaseSettings):
    """Settings of one patch. Subclasses set `model_config = SettingsConfigDict(env_prefix="NAME_")`.

    They are read when the patch's part is made, so that a field may be required without bothering deployments that do
    not use it. Every field has a description: `docs/reference/configuration.md` is generated from it.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=False)

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """From the environment. Raises `InvalidConfigurationError` naming every problem."""
        return _load(cls, cls.model_config.get("env_prefix") or "", overrides)


_AnySettings = TypeVar("_AnySettings", bound=BaseSettings)


def _load(settings: type[_AnySettings], prefix: str, overrides: Mapping[str, Any]) -> _AnySettings:
    try:
        return settings(**overrides)
    except ValidationError as error:
        problems = []
        for found in error.errors(include_input=False, include_url=False):
            name = ".".join(str(part) for part in found["loc"]).upper()
            variable = name if name.startswith(prefix.upper()) else prefix.upper() + name
            problems.append(f"{variable or 'SETTINGS'}: {found['msg']}")
        raise InvalidConfigurationError(problems) from None
