"""What the server can be told, and where it keeps things."""

from pathlib import Path

import pytest

from scripts.local.data_folder import DataFolder, Secrets, get_secrets
from scripts.local.environment import make_environment, read_environment, write_environment
from scripts.local.options import Ports, parse_options
from scripts.local.processes import ROOT

SECRETS = Secrets("postgres", "redis", "key-ring", "sandbox", "admin")


@pytest.fixture(autouse=True)
def _without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFICATIONS_DATA_DIR", "DATABASE_URL", "REDIS_URL", "API_BASE_URL", "SECRET_KEYS"):
        monkeypatch.delenv(name, raising=False)


def test_all_ports_follow_from_one_number() -> None:
    ports = parse_options(["--port-base", "7010"]).ports
    assert (ports.api, ports.admin, ports.sandbox, ports.postgres, ports.redis) == (
        7010,
        7011,
        7012,
        7013,
        7014,
    )


@pytest.mark.parametrize("number", ["80", "65535", "port", ""])
def test_a_port_base_that_cannot_work_is_refused(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse_options(["--port-base", number])
    assert "--port-base" in capsys.readouterr().err


def test_the_data_folder_is_the_option_or_the_variable_or_beside_the_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert parse_options([]).data_dir == ROOT / ".data"
    monkeypatch.setenv("NOTIFICATIONS_DATA_DIR", "/from/variable")
    assert parse_options([]).data_dir == Path("/from/variable")
    assert parse_options(["--data-dir", "/from/option"]).data_dir == Path("/from/option")


def test_reset_removes_what_a_server_makes_and_nothing_else(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.create()
    get_secrets(folder)
    (tmp_path / "letter.txt").write_text("of somebody")
    folder.clear()
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_secrets_are_made_once_and_are_private(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    secrets = get_secrets(folder)
    assert get_secrets(folder) == secrets
    assert folder.secrets.stat().st_mode & 0o777 == 0o600


def test_what_the_person_set_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_BASE_URL", "https://api.example.org")
    environment = make_environment(
        DataFolder(tmp_path), Ports(7010), SECRETS, {"DATABASE_URL": "postgresql://x"}
    )
    assert environment["API_BASE_URL"] == "https://api.example.org"
    assert environment["SANDBOX_URL"] == "http://127.0.0.1:7012"
    assert environment["DATABASE_URL"] == "postgresql://x"


def test_the_environment_file_gives_back_what_was_written(tmp_path: Path) -> None:
    environment = {"A": "plain", "B": """with 'quotes' and "more" $HOME = x""", "C": ""}
    write_environment(DataFolder(tmp_path), environment)
    assert read_environment(tmp_path) == environment
    assert read_environment(tmp_path / "elsewhere") == {}
