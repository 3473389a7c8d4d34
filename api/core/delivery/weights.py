"""Shares of the providers in the database: seeded, moved by how they do, with a history that says why."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, text

from api.contract import Channel
from api.core.delivery.rules import Move, Record, balance
from api.db.engine import Database
from api.db.ids import first_uuid7_of, uuid7

log = logging.getLogger(__name__)

_WINDOW_SECONDS: Final = 30
_TALLIES_KEPT_SECONDS: Final = 900
# Contract: texts of the last quarter of an hour, slow from five minutes on.
_SLOW_WINDOW: Final = timedelta(minutes=15)
# Any number: what all balances take, so that two never move a weight twice for one reason.
_LOCK: Final = 7_110_672

_SEED: Final = text("""
    WITH made AS (
        INSERT INTO provider_details (id, identifier, notification_type, display_name, priority, resting_priority,
            active, supports_international, version, reason)
        VALUES (:id, :name, :channel, :display_name, 100, 100, true, true, 1, 'Configured')
        ON CONFLICT (identifier, notification_type) DO NOTHING
        RETURNING id, version, priority, active, updated_at, reason
    )
    INSERT INTO provider_details_history (id, version, priority, active, updated_at, reason) SELECT * FROM made
""")
_MOVE: Final = """
    WITH moved AS (
        UPDATE provider_details SET priority = {weight}, version = version + 1, updated_at = now(),
            updated_by_id = NULL, reason = :reason
        WHERE identifier = :name AND notification_type = :channel AND {condition}
        RETURNING id, version, priority, active, updated_at, updated_by_id, reason
    )
    INSERT INTO provider_details_history (id, version, priority, active, updated_at, updated_by_id, reason)
    SELECT * FROM moved
"""
_MOVE_TO: Final = text(_MOVE.format(weight=":weight", condition="priority <> :weight"))
_TRIAL_WEIGHT: Final = "greatest(1, resting_priority / 20)"
_MOVE_TO_TRIAL: Final = text(_MOVE.format(weight=_TRIAL_WEIGHT, condition=f"priority > {_TRIAL_WEIGHT}"))
_RECORDS: Final = text("""
    SELECT details.notification_type, details.identifier, details.priority, details.resting_priority,
        details.slow_share, extract(epoch FROM now() - details.updated_at) AS seconds_since_move,
        coalesce(sum(tallies.handed_over), 0) AS handed_over, coalesce(sum(tallies.failed), 0) AS failed
    FROM provider_details AS details LEFT JOIN provider_tallies AS tallies
        ON tallies.identifier = details.identifier AND tallies.notification_type = details.notification_type
        AND tallies.at >= now() - make_interval(secs => :window)
    WHERE details.active
    GROUP BY details.id
""")
_MEASURE_SLOWNESS: Final = text("""
    WITH measured AS (
        SELECT sent_by, avg(CASE WHEN
            CASE status WHEN 'delivered' THEN updated_at ELSE now() END - sent_at >= interval '5 minutes'
            THEN 1.0 ELSE 0.0 END) AS slow_share
        FROM notifications
        WHERE id >= :since AND notification_type = 'sms' AND key_type <> 'test' AND sent_at IS NOT NULL
            AND status IN ('sending', 'pending', 'delivered')
        GROUP BY sent_by
    )
    UPDATE provider_details SET slow_share = (SELECT slow_share FROM measured WHERE sent_by = identifier)
    WHERE notification_type = 'sms'
""")


def ensure_providers(database: Database, display_names: Mapping[Channel, Mapping[str, str]]) -> None:
    """Rows for the configured providers that have none yet, with the whole weight."""
    rows = [
        {"id": uuid7(), "channel": str(channel), "name": name, "display_name": display_name}
        for channel, names in display_names.items()
        for name, display_name in names.items()
    ]
    if rows:
        with database.session() as session:
            session.connection().execute(_SEED, rows)


def lower_to_trial(database: Database, channel: Channel, name: str, reason: str) -> None:
    """At once, because a process saw it fail several times in a row."""
    with database.autocommit() as connection:
        connection.execute(_MOVE_TO_TRIAL, {"channel": str(channel), "name": name, "reason": reason})


def balance_providers(database: Database) -> dict[Channel, list[Move]]:
    """Move the weights by how the providers did lately; does nothing while another process balances."""
    with database.session() as session:
        connection = session.connection()
        if not connection.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _LOCK}):
            return {}
        moves = {channel: balance(records) for channel, records in _load_records(connection).items()}
        for channel, moved in moves.items():
            _apply(connection, channel, moved)
        connection.execute(
            text("DELETE FROM provider_tallies WHERE at < now() - make_interval(secs => :kept)"),
            {"kept": _TALLIES_KEPT_SECONDS},
        )
    return {channel: moved for channel, moved in moves.items() if moved}


def measure_slowness(database: Database) -> None:
    """Note which share of each provider's latest texts is slow, for `balance_providers`."""
    with database.autocommit() as connection:
        connection.execute(_MEASURE_SLOWNESS, {"since": first_uuid7_of(datetime.now(UTC) - _SLOW_WINDOW)})


def _load_records(connection: Connection) -> dict[Channel, list[Record]]:
    records: dict[Channel, list[Record]] = {}
    for row in connection.execute(_RECORDS, {"window": _WINDOW_SECONDS}):
        record = Record(
            name=row.identifier,
            weight=row.priority,
            resting_weight=row.resting_priority,
            seconds_since_move=float(row.seconds_since_move),
            handed_over=int(row.handed_over),
            failed=int(row.failed),
            slow_share=row.slow_share,
        )
        records.setdefault(Channel(row.notification_type), []).append(record)
    return records


def _apply(connection: Connection, channel: Channel, moves: list[Move]) -> None:
    for move in moves:
        values: dict[str, Any] = {
            "channel": str(channel),
            "name": move.name,
            "weight": move.weight,
            "reason": move.reason,
        }
        connection.execute(_MOVE_TO, values)
        log.info("provider_weight_moved", extra={"provider": move.name, "weight": move.weight})
