"""Checks everything that a deployment needs, and says what to mend. Changes nothing."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeAlias

from kombu import Connection as BrokerConnection
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from api.config import DEVELOPMENT_SECRET, InvalidConfigurationError, Settings
from api.contract import CLOCK_TOLERANCE_SECONDS, Channel, Status
from api.core.callbacks.models import CallbackDelivery
from api.core.delivery.credit import read_balance
from api.core.delivery.models import ProviderDetails
from api.core.notifications.models import Notification
from api.core.services.directory import API_KEY_SECRET
from api.core.services.models import ApiKey
from api.db.migrate import current_revision, head_revision
from api.db.partitions import PARTITIONED_TABLES, existing_weeks
from api.keyring import UnreadableSecretError
from api.patch_series.loading import load_patches
from api.providers.protocol import ChecksItself
from api.providers.registry import build_providers
from api.queue import QueueName
from api.runtime import Runtime

MANY_QUEUED: Final = 10_000
_LATE_FACTOR: Final = 3
_SLOW_CLOCK_SECONDS: Final = 5
_POSTGRESQL: Final = range(15, 19)


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy` says how to mend what is not well."""

    subject: str
    level: Level
    message: str
    remedy: str | None = None


Findings: TypeAlias = Iterator[Finding]


def examine(runtime: Runtime) -> Findings:
    """One finding at least for each subject, in an order in which causes come before their effects."""
    checks: dict[str, Callable[[Runtime], Findings]] = {
        "configuration": check_configuration,
        "patches": check_patches,
        "database": check_database,
        "key ring": check_key_ring,
        "redis": check_redis,
        "broker": check_broker,
        "providers": check_providers,
        "files": check_files,
        "messages": check_messages,
        "clock": check_clock,
    }
    for subject, check in checks.items():
        try:
            yield from check(runtime)
        except Exception as error:  # noqa: BLE001 - one broken part must not hide the others
            yield _unexpected(subject, error)


def unusable_configuration(error: InvalidConfigurationError) -> Findings:
    """When no runtime can be made of the environment: nothing else can be examined."""
    for problem in error.problems:
        yield Finding(
            "configuration", Level.PROBLEM, problem, "set the variable: docs/reference/configuration.md"
        )


def check_configuration(runtime: Runtime) -> Findings:
    warnings = list(_find_doubtful_settings(runtime.settings))
    yield from warnings
    if not warnings:
        yield Finding("configuration", Level.OK, f"made for {runtime.settings.environment}")


def _find_doubtful_settings(settings: Settings) -> Findings:
    def doubt(message: str, remedy: str) -> Finding:
        return Finding("configuration", Level.WARNING, message, remedy)

    if DEVELOPMENT_SECRET in settings.key_ring_secrets:
        yield doubt("data at rest is sealed with the well-known development secret", "set SECRET_KEYS")
    if settings.environment != "production":
        return
    if settings.allow_insecure_callbacks:
        yield doubt("callbacks may go to private addresses in clear", "unset ALLOW_INSECURE_CALLBACKS")
    if not settings.api_base_url.startswith("https://"):
        yield doubt("clients are told an address in clear", "set API_BASE_URL to an https:// address")
    if settings.email_domain.endswith("localhost"):
        yield doubt("e-mails come from a domain that is nobody's", "set EMAIL_DOMAIN")
    if "sandbox" in [*settings.sms_providers, *settings.email_providers]:
        yield doubt("messages go to the sandbox, not to people", "set SMS_PROVIDERS and EMAIL_PROVIDERS")
    if not settings.internal_client_secrets:
        yield doubt("the admin cannot sign in to the API", "set INTERNAL_CLIENT_SECRETS")


def check_patches(runtime: Runtime) -> Findings:
    today = datetime.now(UTC).date()
    patches = load_patches(runtime.settings)
    late = [patch for patch in patches if patch.declaration.review_by < today]
    for patch in late:
        yield Finding(
            "patches",
            Level.WARNING,
            f"{patch.slug} should have been looked at again by {patch.declaration.review_by}",
            "install a later version: starts will fail once PATCH_REVIEW_GRACE_DAYS are over",
        )
    for field in fields(runtime.slots):
        value = getattr(runtime.slots, field.name)
        for problem in value.problems() if isinstance(value, ChecksItself) else []:
            yield Finding(
                "patches",
                Level.WARNING,
                f"{field.name}: {problem}",
                "the patch's page in docs/patches says more",
            )
    if not late:
        yield Finding("patches", Level.OK, f"{len(patches)} apply" if patches else "the neutral core alone")


def check_database(runtime: Runtime) -> Findings:
    try:
        with runtime.database.autocommit() as connection:
            yield _examine_version(connection)
            revision = current_revision(connection)
            if revision != head_revision():
                yield Finding(
                    "database",
                    Level.PROBLEM,
                    f"the tables are those of revision {revision}, not of {head_revision()}",
                    "run `notifications db upgrade`",
                )
                return
            yield Finding("database", Level.OK, f"tables are those of revision {revision}")
            yield _examine_partitions(connection)
    except SQLAlchemyError as error:
        yield Finding(
            "database",
            Level.PROBLEM,
            f"PostgreSQL does not answer ({_cause(error)})",
            "check DATABASE_URL, and that it runs",
        )


def _examine_version(connection: Connection) -> Finding:
    major = int(connection.scalar(text("SHOW server_version_num")) or 0) // 10_000
    if major in _POSTGRESQL:
        return Finding("database", Level.OK, f"PostgreSQL {major} answers")
    return Finding(
        "database",
        Level.WARNING,
        f"PostgreSQL {major} answers, which nobody has tried",
        f"use version {_POSTGRESQL[0]} to {_POSTGRESQL[-1]}",
    )


def _examine_partitions(connection: Connection) -> Finding:
    now = datetime.now(UTC)
    ends = {table: [week.end for week in existing_weeks(connection, table)] for table in PARTITIONED_TABLES}
    until = min((of_table[-1] for of_table in ends.values() if of_table), default=now)
    remedy = "run the scheduler, or `notifications db upgrade` now"
    if until <= now or not all(ends.values()):
        return Finding("database", Level.PROBLEM, "messages of this week have no partition", remedy)
    if until <= now + timedelta(days=7):
        return Finding("database", Level.WARNING, "messages of next week have no partition", remedy)
    return Finding("database", Level.OK, f"partitions are there until {until:%Y-%m-%d}")


def check_key_ring(runtime: Runtime) -> Findings:
    with runtime.database.autocommit() as connection:
        secret = connection.scalar(select(ApiKey.secret).order_by(ApiKey.id.desc()).limit(1))
    if secret is not None:
        try:
            runtime.keyring.open(API_KEY_SECRET, secret)
        except UnreadableSecretError:
            yield Finding(
                "key ring",
                Level.PROBLEM,
                "no key of SECRET_KEYS opens the latest API key",
                "put the key that sealed it back, after the newer ones",
            )
            return
    yield Finding(
        "key ring", Level.OK, f"{len(runtime.settings.key_ring_secrets)} keys, the newest one seals"
    )


def check_redis(runtime: Runtime) -> Findings:
    try:
        runtime.limits.ping()
    except RedisError as error:
        yield Finding(
            "redis",
            Level.PROBLEM,
            f"Redis does not answer ({type(error).__name__}): no limit is enforced",
            "check REDIS_URL, and that it runs",
        )
        return
    yield Finding("redis", Level.OK, "Redis answers")


def check_broker(runtime: Runtime) -> Findings:
    try:
        lengths = queue_lengths(runtime.settings.broker)
    except Exception as error:  # noqa: BLE001 - each transport has its own
        yield Finding(
            "broker",
            Level.PROBLEM,
            f"the broker does not answer ({type(error).__name__}): messages wait in the database",
            "check BROKER_URL or REDIS_URL, and that it runs",
        )
        return
    for queue, length in lengths.items():
        if length >= MANY_QUEUED:
            yield Finding(
                "broker", Level.WARNING, f"{length} tasks wait in {queue}", "start more workers for it"
            )
    yield Finding("broker", Level.OK, f"the broker answers, {sum(lengths.values())} tasks wait")


def queue_lengths(broker_url: str) -> dict[str, int]:
    """Tasks that wait, by queue. Raises what the transport raises when it is away."""
    options = {"socket_timeout": 3, "socket_connect_timeout": 2}
    with BrokerConnection(broker_url, connect_timeout=2, transport_options=options) as connection:
        connection.ensure_connection(max_retries=1)
        return {queue.value: _length(connection, queue.value) for queue in QueueName}


def _length(connection: BrokerConnection, queue: str) -> int:
    """A channel each: RabbitMQ closes it when nobody has declared the queue."""
    channel: Any = connection.channel()
    try:
        return int(channel.queue_declare(queue=queue, passive=True).message_count)
    except connection.channel_errors:
        return 0
    finally:
        channel.close()


def check_providers(runtime: Runtime) -> Findings:
    try:
        providers = build_providers(runtime.settings, runtime.slots)
    except InvalidConfigurationError as error:
        for problem in error.problems:
            yield Finding("providers", Level.PROBLEM, problem, "mend the setting")
        return
    with runtime.database.autocommit() as connection:
        rows = connection.execute(
            select(ProviderDetails.notification_type, ProviderDetails.identifier).where(
                ProviderDetails.active, ProviderDetails.priority > 0
            )
        )
        carrying = {(row.notification_type, row.identifier) for row in rows}
    for channel, of_channel in providers.items():
        if not any((channel, name) in carrying for name in of_channel):
            yield Finding(
                "providers",
                Level.PROBLEM,
                f"nobody carries {channel}",
                "run `notifications db upgrade`, then `notifications providers change … --active --weight 100`",
            )
        for name, provider in of_channel.items():
            yield from _examine_provider(channel, name, provider)


def _examine_provider(channel: Channel, name: str, provider: object) -> Findings:
    problems = provider.problems() if isinstance(provider, ChecksItself) else []
    for problem in problems:
        yield Finding(
            "providers",
            Level.PROBLEM,
            f"{name} ({channel}): {problem}",
            "mend its settings or its account, or `notifications providers change … --inactive`",
        )
    balance = read_balance(channel, name, provider)
    if balance is not None and balance.is_low:
        left = f"{balance.credit.remaining:g} {balance.credit.unit} left, fewer than {balance.alert_below:g}"
        yield Finding("providers", Level.WARNING, f"{name} ({channel}): {left}", "buy credit")
    elif not problems:
        yield Finding("providers", Level.OK, f"{name} ({channel})")


def check_files(runtime: Runtime) -> Findings:
    key, content = f"doctor/{uuid.uuid4()}", b"written by `notifications doctor`"
    try:
        runtime.objects.put(key, content)
        is_same = runtime.objects.get(key) == content
        runtime.objects.delete(key)
    except Exception as error:  # noqa: BLE001 - a folder and a bucket fail in many ways
        yield Finding(
            "files",
            Level.PROBLEM,
            f"recipient files cannot be stored ({type(error).__name__})",
            "check OBJECT_STORE_DIR, or S3_BUCKET and its credentials",
        )
        return
    level = Level.OK if is_same else Level.PROBLEM
    yield Finding(
        "files", level, "a file was written, read and removed", None if is_same else "use another store"
    )


def check_messages(runtime: Runtime) -> Findings:
    now = datetime.now(UTC)
    late = now - timedelta(seconds=_LATE_FACTOR * runtime.settings.republish_after_seconds)
    with runtime.database.autocommit() as connection:
        stuck = connection.scalar(
            select(func.count()).where(Notification.status == Status.CREATED, Notification.due_at < late)
        )
        unknown = connection.scalar(
            select(func.count()).where(
                Notification.status == Status.SENDING,
                Notification.outcome_unknown,
                Notification.claimed_at > now - timedelta(days=1),
            )
        )
        untold = connection.scalar(
            select(func.count()).where(CallbackDelivery.status == "pending", CallbackDelivery.due_at < late)
        )
    remedy = "run the scheduler and workers, then `notifications notifications republish`"
    if stuck:
        yield Finding("messages", Level.PROBLEM, f"{stuck} messages are overdue", remedy)
    if untold:
        yield Finding("messages", Level.PROBLEM, f"{untold} callbacks to services are overdue", remedy)
    if unknown:
        yield Finding(
            "messages",
            Level.WARNING,
            f"of {unknown} messages of the last day nobody knows whether they were sent",
            "ask the provider; they are never sent again by themselves",
        )
    if not stuck and not untold:
        yield Finding("messages", Level.OK, "nothing is overdue")


def check_clock(runtime: Runtime) -> Findings:
    """Against the other clocks of the deployment: tokens are good for 30 seconds (contract: authentication)."""
    differences = {}
    with runtime.database.autocommit() as connection:
        differences["PostgreSQL"] = _seconds_from(connection.scalar(select(func.clock_timestamp())))
    try:
        with Redis.from_url(runtime.settings.redis_url.get_secret_value(), socket_timeout=2) as redis:
            seconds, microseconds = redis.time()
        differences["Redis"] = _seconds_from(datetime.fromtimestamp(seconds + microseconds / 1e6, UTC))
    except RedisError:
        pass  # it has a finding of its own
    name, difference = max(differences.items(), key=lambda pair: pair[1])
    if difference < _SLOW_CLOCK_SECONDS:
        yield Finding("clock", Level.OK, f"agrees with {' and '.join(differences)}")
        return
    level = Level.PROBLEM if difference >= CLOCK_TOLERANCE_SECONDS - _SLOW_CLOCK_SECONDS else Level.WARNING
    yield Finding(
        "clock", level, f"{difference:.0f} s away from that of {name}", "keep both on time with NTP"
    )


def _seconds_from(moment: datetime | None) -> float:
    return abs((datetime.now(UTC) - moment).total_seconds()) if moment else 0.0


def _unexpected(subject: str, error: Exception) -> Finding:
    if isinstance(error, SQLAlchemyError):
        return Finding(
            subject, Level.PROBLEM, "cannot be told without the database", "mend the database first"
        )
    return Finding(
        subject,
        Level.PROBLEM,
        f"the check itself failed ({type(error).__name__})",
        "run with --debug and report it",
    )


def _cause(error: SQLAlchemyError) -> str:
    return type(getattr(error, "orig", None) or error).__name__
