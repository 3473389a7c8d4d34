"""What the sandbox keeps of the messages that it "sent": the latest ones, in SQLite, on disk or in memory."""

import secrets
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

MESSAGES_KEPT = 20_000
PRUNE_EVERY = 1_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY,
    notification_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    reference TEXT NOT NULL UNIQUE,
    recipient TEXT NOT NULL,
    sender TEXT NOT NULL,
    subject TEXT,
    content TEXT NOT NULL,
    html TEXT,
    reply_to TEXT,
    unsubscribe_url TEXT,
    taken_at TEXT NOT NULL,
    times_taken INTEGER NOT NULL DEFAULT 1,
    status TEXT,
    UNIQUE (notification_id, channel)
);
CREATE TABLE IF NOT EXISTS replies (
    number INTEGER PRIMARY KEY,
    message_number INTEGER NOT NULL,
    content TEXT NOT NULL,
    sent_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS replies_of_message ON replies (message_number);
"""
_COLUMNS = (
    "number, notification_id, channel, reference, recipient, sender, subject, content, html, reply_to, "
    "unsubscribe_url, taken_at, times_taken, status"
)


@dataclass(frozen=True, slots=True)
class NewMessage:
    notification_id: str
    channel: str
    recipient: str
    sender: str
    content: str
    subject: str | None = None
    html: str | None = None
    reply_to: str | None = None
    unsubscribe_url: str | None = None


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """`status` is that of the last receipt; `times_taken` counts how often the message was handed over."""

    number: int
    notification_id: str
    channel: str
    reference: str
    recipient: str
    sender: str
    subject: str | None
    content: str
    html: str | None
    reply_to: str | None
    unsubscribe_url: str | None
    taken_at: str  # ISO 8601, UTC
    times_taken: int
    status: str | None


class MessageStore:
    """One connection, for one thread. A message handed over again keeps its reference."""

    def __init__(self, folder: Path | None = None, *, keep: int = MESSAGES_KEPT) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._keep = keep
        self._database = sqlite3.connect(
            ":memory:" if folder is None else folder / "sandbox.sqlite3",
            isolation_level=None,
            check_same_thread=False,
        )
        # Nothing here is worth a disk flush; without them a message costs some 30 µs instead of milliseconds.
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.executescript(_SCHEMA)

    def take(self, message: NewMessage) -> tuple[str, bool]:
        """Keep a message. Returns its reference, and whether it is new."""
        row = self._database.execute(
            """
            INSERT INTO messages (notification_id, channel, reference, recipient, sender, subject, content, html,
                                  reply_to, unsubscribe_url, taken_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (notification_id, channel) DO UPDATE SET times_taken = times_taken + 1
            RETURNING number, reference, times_taken
            """,
            (
                message.notification_id,
                message.channel,
                secrets.token_hex(10),
                message.recipient,
                message.sender,
                message.subject,
                message.content,
                message.html,
                message.reply_to,
                message.unsubscribe_url,
                datetime.now(UTC).isoformat(timespec="milliseconds"),
            ),
        ).fetchone()
        number, reference, times_taken = row
        is_new = times_taken == 1
        if is_new and number % PRUNE_EVERY == 0:
            self._prune(number)
        return reference, is_new

    def _prune(self, newest: int) -> None:
        self._database.execute("DELETE FROM messages WHERE number <= ?", (newest - self._keep,))
        self._database.execute("DELETE FROM replies WHERE message_number <= ?", (newest - self._keep,))

    def set_status(self, reference: str, status: str) -> None:
        self._database.execute("UPDATE messages SET status = ? WHERE reference = ?", (status, reference))

    def find(self, reference: str) -> StoredMessage | None:
        return self._find("reference = ?", reference)

    def find_by_notification(self, notification_id: str) -> StoredMessage | None:
        return self._find("notification_id = ?", notification_id)

    def _find(self, condition: str, value: str) -> StoredMessage | None:
        row = self._database.execute(
            f"SELECT {_COLUMNS} FROM messages WHERE {condition}",  # noqa: S608 - our own conditions
            (value,),
        ).fetchone()
        return None if row is None else StoredMessage(*row)

    def search(self, words: str, *, page: int, page_size: int) -> list[StoredMessage]:
        """Newest first; `page` counts from 1. One more than a page when there is a next one."""
        pattern = "%" + words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
        rows = self._database.execute(
            f"""
            SELECT {_COLUMNS} FROM messages
            WHERE :all OR recipient LIKE :pattern ESCAPE '\\' OR subject LIKE :pattern ESCAPE '\\'
                  OR content LIKE :pattern ESCAPE '\\' OR notification_id = :words
            ORDER BY number DESC LIMIT :limit OFFSET :offset
            """,  # noqa: S608 - columns are ours
            {
                "all": not words,
                "pattern": pattern,
                "words": words,
                "limit": page_size + 1,
                "offset": (page - 1) * page_size,
            },
        )
        return [StoredMessage(*row) for row in rows]

    def without_receipt(self, since: str) -> list[str]:
        """References of the messages taken since then (ISO 8601, UTC) that had no receipt, oldest first."""
        rows = self._database.execute(
            "SELECT reference FROM messages WHERE status IS NULL AND taken_at >= ? ORDER BY number", (since,)
        )
        return [reference for (reference,) in rows]

    def add_reply(self, message: StoredMessage, content: str) -> None:
        self._database.execute(
            "INSERT INTO replies (message_number, content, sent_at) VALUES (?, ?, ?)",
            (message.number, content, datetime.now(UTC).isoformat(timespec="milliseconds")),
        )

    def replies_to(self, message: StoredMessage) -> list[tuple[str, str]]:
        """Texts and moments, oldest first."""
        rows = self._database.execute(
            "SELECT content, sent_at FROM replies WHERE message_number = ? ORDER BY number", (message.number,)
        )
        return [(content, sent_at) for content, sent_at in rows]

    def counts(self) -> dict[str, Any]:
        """`messages` kept, `repeated` those handed over more than once, and how many have each status."""
        kept, repeated = self._database.execute(
            "SELECT count(*), count(*) FILTER (WHERE times_taken > 1) FROM messages"
        ).fetchone()
        statuses = self._database.execute(
            "SELECT coalesce(status, 'none'), count(*) FROM messages GROUP BY 1"
        )
        return {"messages": kept, "repeated": repeated, "statuses": dict(statuses.fetchall())}

    def repeated_ids(self) -> list[str]:
        rows = self._database.execute("SELECT notification_id FROM messages WHERE times_taken > 1")
        return [identifier for (identifier,) in rows]

    def close(self) -> None:
        self._database.close()
