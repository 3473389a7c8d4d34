"""The servers that all other tests rely on."""

import kombu
import psycopg2
import pytest
import redis

from tests.services import RedisServer


def _fetch(url: str, statement: str) -> object:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone()
            return row[0] if row else None
    finally:
        connection.close()


@pytest.mark.parametrize("number", range(2))
def test_a_workers_database_has_the_tables(database_url: str, number: int) -> None:
    assert _fetch(database_url, "SELECT to_regclass('notifications') IS NOT NULL")


def test_an_empty_database_has_no_tables(empty_database_url: str) -> None:
    assert _fetch(empty_database_url, "SELECT to_regclass('notifications')") is None


def test_a_separate_database_is_not_the_shared_one(database_url: str, separate_database_url: str) -> None:
    assert separate_database_url != database_url
    assert _fetch(separate_database_url, "SELECT count(*) FROM notifications") == 0


def test_the_database_knows_accents_and_compares_bytes(database_url: str) -> None:
    assert _fetch(database_url, "SELECT lower('ÉTÉ Œ')") == "été œ"
    assert _fetch(database_url, "SELECT 'Z' < 'a'") is True


def test_the_databases_role_may_not_run_programs(database_url: str) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        _fetch(database_url, "COPY (SELECT 1) TO PROGRAM 'true'")


@pytest.mark.parametrize("number", range(2))
def test_redis_is_empty_at_the_start_of_a_test(redis_url: str, number: int) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


def test_redis_can_go_away_and_come_back_empty(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("left", "behind")
        redis_server.stop()
        with pytest.raises(redis.exceptions.ConnectionError):
            client.ping()
        redis_server.start()
        assert client.dbsize() == 0


@pytest.mark.slow
def test_rabbitmq_carries_a_message(rabbitmq_url: str) -> None:
    with kombu.Connection(rabbitmq_url) as connection, connection.SimpleQueue("test") as queue:
        queue.put("message")
        received = queue.get(timeout=5)
        received.ack()
        assert received.payload == "message"
