import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from api.db.ids import first_uuid7_of, moment_of, row_id, uuid7

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


def test_identifiers_are_rfc_9562_version_7_and_carry_their_millisecond() -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    made = uuid7()
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= moment_of(made) <= datetime.now(UTC)


def test_identifiers_sort_in_the_order_in_which_they_are_made() -> None:
    made = [uuid7() for _ in range(2000)]
    assert made == sorted(made)


@given(MOMENTS, st.integers(0, 100_000))
def test_the_first_identifier_of_a_moment_bounds_every_other(moment: datetime, row: int) -> None:
    made = row_id(uuid.uuid4(), moment, row)
    assert first_uuid7_of(moment) <= made < first_uuid7_of(moment + timedelta(milliseconds=1))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)


@given(MOMENTS, st.integers(0, 2**31), st.integers(0, 2**31))
def test_rows_of_a_job_sort_by_row_and_are_the_same_each_time(moment: datetime, one: int, other: int) -> None:
    job = uuid.UUID(int=7)
    assert row_id(job, moment, one) == row_id(job, moment, one)
    assert (row_id(job, moment, one) < row_id(job, moment, other)) == (one < other)


def test_jobs_of_the_same_millisecond_do_not_share_identifiers() -> None:
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    identifiers = {row_id(uuid7(), moment, row) for _ in range(100) for row in range(100)}
    assert len(identifiers) == 10_000
