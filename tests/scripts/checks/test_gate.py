"""`./scripts/test` runs every step, shows what failed and says how to mend it."""

import sys

import pytest

from scripts.checks import __main__ as gate


def _step(name: str, code: str) -> gate.Step:
    return gate.Step(name, (sys.executable, "-c", code), f"Mend {name}.")


@pytest.fixture
def with_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = (_step("bad", "print('what is bad'); raise SystemExit(1)"), _step("good", "print('chat' 'ter')"))
    monkeypatch.setattr(gate, "CHECKS", checks)
    monkeypatch.setattr(
        gate, "make_tests_step", lambda arguments: _step("tests", f"print({list(arguments)!r})")
    )


@pytest.mark.usefixtures("with_checks")
def test_every_step_runs_and_the_failed_one_says_its_cure(capfd: pytest.CaptureFixture[str]) -> None:
    assert gate.main(["-k", "name"]) == 1
    output = capfd.readouterr().out
    assert "what is bad" in output
    assert "chatter" not in output
    assert "['-k', 'name']" in output
    assert output.endswith("FAILED bad. Mend bad.\n")


@pytest.mark.usefixtures("with_checks")
def test_checks_can_be_left_out(capfd: pytest.CaptureFixture[str]) -> None:
    assert gate.main(["--only-tests"]) == 0
    assert "bad" not in capfd.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "is_parallel"),
    [
        ([], True),
        (["tests/utils", "-k", "a"], True),
        (["--pdb"], False),
        (["-n0"], False),
        (["-n", "4"], False),
    ],
)
def test_tests_run_in_two_processes_unless_told_otherwise(arguments: list[str], is_parallel: bool) -> None:
    assert (gate.make_tests_step(arguments).command[3:5] == ("-n", "2")) is is_parallel
