"""`kill -9` of the worker that turns the rows of a job into messages."""

from contextlib import closing

import psycopg2

from tests.faults.accounts import settle
from tests.faults.load import begin_job, job_ids
from tests.faults.system import System, wait_for

ROWS = 2000
BATCH = 500


def test_no_row_is_lost_or_doubled(system: System, since: str) -> None:
    """Killed with a batch stored and published, but not yet written down as done: it is made a second time."""
    job = begin_job(system, ROWS)
    with closing(psycopg2.connect(system.cluster.url())) as connection, connection.cursor() as cursor:
        wait_for(lambda: _rows_done(system, job) >= BATCH, 20, "the first batch", pause=0.002)
        cursor.execute("SELECT rows_done FROM jobs WHERE id = %s FOR UPDATE", [job])
        done = cursor.fetchone()[0]
        assert done < ROWS, "the job was too quick for this test"
        wait_for(lambda: len(job_ids(system, job)) > done, 10, "a batch that is not written down")
        system.kill_processes(*system.children("worker"))
        wait_for(lambda: len(system.children("worker")) == 2, 10, "new processes")
    wait_for(lambda: _rows_done(system, job) == ROWS, 240, "the rest of the job")
    ids = job_ids(system, job)
    assert len(ids) == ROWS
    numbers = system.query("SELECT count(DISTINCT job_row_number) FROM notifications WHERE job_id = %s", job)
    assert numbers == [(ROWS,)]
    account = settle(system, since, ids)
    assert system.count_texts(ids) == ROWS
    assert account.statuses == {"delivered": ROWS}
    wait_for(lambda: _status(system, job) == "finished", 5, "the job's end")


def _rows_done(system: System, job: str) -> int:
    return int(system.query("SELECT rows_done FROM jobs WHERE id = %s", job)[0][0])


def _status(system: System, job: str) -> str:
    return str(system.query("SELECT job_status FROM jobs WHERE id = %s", job)[0][0])
