from sqlalchemy import text

from api.contract import Channel
from api.core.delivery.health import Circuit, Tallies
from api.runtime import Runtime


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def failed_circuit(clock: Clock) -> Circuit:
    circuit = Circuit(clock)
    for _ in range(3):
        circuit.begin()
        circuit.fail()
    return circuit


def test_opens_at_the_third_failure_in_a_row():
    clock = Clock()
    circuit = Circuit(clock)
    assert [circuit.fail(), circuit.fail()] == [False, False]
    assert not circuit.is_open
    assert circuit.fail()
    assert circuit.is_open


def test_success_in_between_keeps_it_closed():
    circuit = Circuit(Clock())
    for _ in range(5):
        circuit.fail()
        circuit.fail()
        circuit.succeed()
    assert not circuit.is_open


def test_lets_one_message_try_after_a_pause():
    clock = Clock()
    circuit = failed_circuit(clock)
    clock.now += 4.9
    assert circuit.is_open
    clock.now += 0.2
    assert not circuit.is_open
    circuit.begin()
    assert circuit.is_open, "others wait for the end of the trial"
    circuit.succeed()
    assert not circuit.is_open


def test_pause_doubles_with_each_failed_trial_up_to_a_minute():
    clock = Clock()
    circuit = failed_circuit(clock)
    pauses = []
    for _ in range(6):
        opened = clock.now
        while circuit.is_open:
            clock.now += 0.5
        pauses.append(clock.now - opened)
        circuit.begin()
        assert circuit.fail()
    assert pauses == [5, 10, 20, 40, 60, 60]


def test_late_failures_of_messages_given_before_do_not_open_it_again():
    circuit = failed_circuit(Clock())
    assert [circuit.fail() for _ in range(5)] == [False] * 5


def test_providers_own_wish_is_heeded_at_the_first_failure():
    clock = Clock()
    circuit = Circuit(clock)
    assert not circuit.fail(retry_after_seconds=20), "one refusal is no reason to lower the share"
    clock.now += 19
    assert circuit.is_open
    clock.now += 2
    assert not circuit.is_open


def test_tallies_of_processes_add_up(runtime: Runtime):
    with runtime.database.autocommit() as connection:
        connection.execute(text("DELETE FROM provider_tallies"))
    for _ in range(2):
        tallies = Tallies(runtime.database)
        tallies.count((Channel.SMS, "a"), failed=False)
        tallies.count((Channel.SMS, "a"), failed=True)
        tallies.count((Channel.EMAIL, "a"), failed=False)
        tallies.flush()
    with runtime.database.autocommit() as connection:
        rows = connection.execute(
            text(
                "SELECT notification_type, sum(handed_over), sum(failed) FROM provider_tallies "
                "GROUP BY 1 ORDER BY 1"
            )
        ).all()
    assert [tuple(row) for row in rows] == [("email", 2, 0), ("sms", 2, 2)]
