"""Contract: rate limit and daily limits."""

import time
import uuid

import pytest
import redis

from api.contract import KeyType
from api.core.notifications.limits import (
    DailyCount,
    DailyLimitExceededError,
    RateLimitExceededError,
    SendingLimits,
    bucket_capacity,
)


@pytest.fixture
def limits(redis_url: str) -> SendingLimits:
    return SendingLimits(redis_url, 1.0)


def daily(limit: int = 1000, *, channel: str = "sms", is_test: bool = False) -> DailyCount:
    return DailyCount(uuid.uuid4(), channel, limit, is_test)


def send(
    limits: SendingLimits, count: DailyCount, per_minute: int = 3000, key_type: KeyType = KeyType.NORMAL
) -> None:
    with limits.counting(count, rate=(key_type, per_minute)):
        pass


@pytest.mark.parametrize(
    ("per_minute", "burst"), [(3000, 1000), (60, 21), (1, 2), (300, 101), (2996, 1000), (30_000, 1000)]
)
def test_the_burst_is_a_third_of_a_minute_and_at_most_a_thousand(per_minute: int, burst: int) -> None:
    assert bucket_capacity(per_minute) == burst


def test_the_bucket_lets_a_burst_pass_then_refuses_with_the_limit_in_the_error(limits: SendingLimits) -> None:
    count = daily()
    for _ in range(bucket_capacity(60) - 1):
        send(limits, count, 60)
    with pytest.raises(RateLimitExceededError, match="key type LIVE of 60 requests per 60 seconds"):
        send(limits, count, 60)


def test_the_bucket_fills_again(limits: SendingLimits) -> None:
    count = daily()
    for _ in range(bucket_capacity(60) - 1):
        send(limits, count, 60)
    with pytest.raises(RateLimitExceededError):
        send(limits, count, 60)
    time.sleep(3.1)  # a token a second
    send(limits, count, 60)


def test_each_key_type_has_a_bucket_of_its_own(limits: SendingLimits) -> None:
    count = daily()
    for _ in range(bucket_capacity(3) - 1):
        send(limits, count, 3)
    with pytest.raises(RateLimitExceededError):
        send(limits, count, 3)
    send(limits, count, 3, KeyType.TEAM)


def test_a_day_allows_its_limit_and_not_one_more(limits: SendingLimits) -> None:
    count = daily(limit=2)
    send(limits, count)
    send(limits, count)
    with pytest.raises(DailyLimitExceededError, match=r"Exceeded send limits \(sms: 2\) for today"):
        send(limits, count)
    assert limits.counted_today(count) == 2


def test_many_messages_are_counted_whole_or_not_at_all(limits: SendingLimits) -> None:
    count = daily(limit=10)
    with limits.counting(count, 7):
        pass
    with pytest.raises(DailyLimitExceededError), limits.counting(count, 4):
        pass
    assert limits.counted_today(count) == 7


def test_what_is_refused_afterwards_is_uncounted(limits: SendingLimits) -> None:
    count = daily()
    with pytest.raises(KeyError), limits.counting(count):
        raise KeyError
    assert limits.counted_today(count) == 0


def test_what_is_taken_back_is_uncounted(limits: SendingLimits) -> None:
    count = daily()
    with limits.counting(count) as counted:
        counted.take_back = True
    assert limits.counted_today(count) == 0


def test_test_keys_meet_the_limit_but_never_count(limits: SendingLimits) -> None:
    count = daily(limit=1, is_test=True)
    for _ in range(3):
        send(limits, count, key_type=KeyType.TEST)
    assert limits.counted_today(count) == 0
    with pytest.raises(DailyLimitExceededError):
        send(limits, daily(limit=0, is_test=True), key_type=KeyType.TEST)


def test_counters_end_with_their_day(limits: SendingLimits, redis_url: str) -> None:
    count = daily()
    send(limits, count)
    assert 0 < redis.Redis.from_url(redis_url).ttl(count.key) <= 86_400


def test_without_redis_messages_pass_and_nothing_waits() -> None:
    limits = SendingLimits("redis://127.0.0.1:1/0", 0.2)
    begun = time.monotonic()
    for _ in range(100):
        send(limits, daily(limit=0))
    assert time.monotonic() - begun < 1


def test_all_limits_cost_one_round_trip(limits: SendingLimits, redis_url: str) -> None:
    count = daily()
    send(limits, count)  # loads the script
    client = redis.Redis.from_url(redis_url)
    client.config_resetstat()
    send(limits, count)
    calls = {name: stats["calls"] for name, stats in client.info("commandstats").items()}
    assert calls["cmdstat_evalsha"] == 1
    from_client = {name for name in calls if name.startswith("cmdstat_") and "|" not in name}
    assert from_client - {"cmdstat_config", "cmdstat_info"} <= {
        "cmdstat_evalsha",
        "cmdstat_time",
        "cmdstat_hmget",
        "cmdstat_hset",
        "cmdstat_expire",
        "cmdstat_get",
        "cmdstat_incrby",
    }  # fmt: skip - all but the first are called inside the script
