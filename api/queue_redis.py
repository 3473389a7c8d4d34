"""Kombu's Redis transport, with one client for all messages of a connection.

Kombu makes a client for each message it publishes: a fifth of the CPU of accepting one (docs/performance.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from kombu.transport import redis


class LeanChannel(redis.Channel):
    @cached_property
    def _publishing_client(self) -> Any:
        return self._create_client()  # type: ignore[attr-defined]  # the stubs do not know it

    @contextmanager
    def conn_or_acquire(self, client: Any = None) -> Iterator[Any]:
        yield client or self._publishing_client


class LeanTransport(redis.Transport):
    Channel = LeanChannel
