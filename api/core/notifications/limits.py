"""Rate and daily limits of sending: one Redis round trip for all of them (contract: limits)."""

import logging
import math
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from redis import Redis
from redis.exceptions import NoScriptError, RedisError

from api.contract import KeyType

log = logging.getLogger(__name__)

# KEYS: token bucket, daily counter. ARGV: tokens a minute, capacity, daily limit, messages asked for, whether they count.
# The bucket is a hash of `tokens` and `at` (seconds, by the clock of Redis, so that all processes agree).
# Returns 0 when allowed (the messages are then counted), 1 when too fast, 2 when over the day's limit.
_SCRIPT = """
local per_minute, capacity, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local asked, counted = tonumber(ARGV[4]), ARGV[5] == '1'
if per_minute > 0 then
  local clock = redis.call('TIME')
  local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
  local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
  local tokens, at = tonumber(bucket[1]) or capacity, tonumber(bucket[2]) or now
  tokens = math.min(capacity, tokens + math.max(0, now - at) * per_minute / 60)
  local allowed = tokens >= 2
  tokens = math.max(0, tokens - 1)
  redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.6f', now))
  redis.call('EXPIRE', KEYS[1], 120)
  if not allowed then return 1 end
end
local count = tonumber(redis.call('GET', KEYS[2]) or '0')
if count + asked > limit then return 2 end
if counted then
  redis.call('INCRBY', KEYS[2], asked)
  if count == 0 then redis.call('EXPIRE', KEYS[2], 86400) end
end
return 0
"""
_ALLOWED, _TOO_FAST, _OVER_LIMIT = 0, 1, 2
_PAUSE_AFTER_FAILURE_SECONDS = 1.0


class RateLimitExceededError(Exception):
    def __init__(self, key_type: KeyType, limit: int) -> None:
        self.key_type, self.limit = key_type, limit
        super().__init__(
            f"Exceeded rate limit for key type {key_type.label} of {limit} requests per 60 seconds"
        )


class DailyLimitExceededError(Exception):
    """`channel` is `email`, `sms`, `letter` or `international_sms`."""

    def __init__(self, channel: str, limit: int) -> None:
        self.channel, self.limit = channel, limit
        super().__init__(f"Exceeded send limits ({channel}: {limit}) for today")


@dataclass(frozen=True, slots=True)
class DailyCount:
    """A day's counter of one service and channel; messages of test keys never count (contract: limits)."""

    service_id: uuid.UUID
    channel: str
    limit: int
    is_test: bool = False

    @property
    def key(self) -> str:
        kind = f"test-{self.channel}" if self.is_test else self.channel
        return f"{self.service_id}-{kind}-{datetime.now(UTC):%Y-%m-%d}-count"


@dataclass(slots=True)
class Counted:
    """Messages that the day's counter holds for a block; `take_back` uncounts them when it ends."""

    messages: int
    take_back: bool = False


class SendingLimits:
    """Fails open: when Redis does not answer, messages go out and nothing is counted for a second."""

    def __init__(self, redis_url: str, timeout_seconds: float) -> None:
        self._redis: Redis = Redis.from_url(
            redis_url, socket_timeout=timeout_seconds, socket_connect_timeout=timeout_seconds
        )
        self._sha = ""
        self._paused_until = 0.0

    @contextmanager
    def counting(
        self, count: DailyCount, messages: int = 1, *, rate: tuple[KeyType, int] | None = None
    ) -> Iterator["Counted"]:
        """Count `messages` of the day (and take one token of `rate`: key type, requests a minute) for the block.

        What the block refuses by raising is uncounted. Raises `RateLimitExceededError`, then
        `DailyLimitExceededError`.
        """
        key_type, per_minute = rate or (None, 0)
        verdict = self._run(count, f"{count.service_id}-tokens-{key_type}", per_minute, messages)
        if verdict == _TOO_FAST and rate is not None:
            raise RateLimitExceededError(*rate)
        if verdict == _OVER_LIMIT:
            raise DailyLimitExceededError(count.channel, count.limit)
        counted = Counted(messages if verdict == _ALLOWED and not count.is_test else 0)
        try:
            yield counted
        except BaseException:
            counted.take_back = True
            raise
        finally:
            if counted.take_back and counted.messages:
                self._guarded(lambda: self._redis.decrby(count.key, counted.messages))

    def counted_today(self, count: DailyCount) -> int:
        value = self._guarded(lambda: self._redis.get(count.key))
        return int(value) if isinstance(value, (bytes, str)) else 0

    def _run(self, count: DailyCount, bucket: str, rate_limit: int, messages: int) -> int:
        arguments = (
            bucket,
            count.key,
            rate_limit,
            bucket_capacity(rate_limit),
            count.limit,
            messages,
            0 if count.is_test else 1,
        )
        verdict = self._guarded(lambda: self._evaluate(*arguments))
        return verdict if isinstance(verdict, int) else -1

    def _evaluate(self, *arguments: object) -> object:
        try:
            return self._redis.evalsha(self._sha or "0" * 40, 2, *arguments)  # type: ignore[arg-type]
        except NoScriptError:
            self._sha = str(self._redis.script_load(_SCRIPT))
            return self._redis.evalsha(self._sha, 2, *arguments)  # type: ignore[arg-type]

    def _guarded(self, command: Callable[[], object]) -> object:
        if time.monotonic() < self._paused_until:
            return None
        try:
            return command()
        except RedisError as error:
            self._paused_until = time.monotonic() + _PAUSE_AFTER_FAILURE_SECONDS
            log.warning("limits_unavailable", extra={"error": type(error).__name__})
            return None

    def ping(self) -> bool:
        """Raises redis's own errors: for `doctor` and readiness."""
        return bool(self._redis.ping())


@lru_cache(maxsize=256)
def bucket_capacity(rate_limit: int) -> int:
    """Burst allowed (contract: limits): a third of a minute's requests, at most a thousand."""
    return min(math.ceil(rate_limit / 3) + 1, 1000)
