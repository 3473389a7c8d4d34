"""`./scripts/notifications …`: the operators' commands with the settings of the local server, where none are given."""

import os
import sys

from scripts.local.environment import read_environment
from scripts.local.options import choose_data_dir

if __name__ == "__main__":
    settings = {} if "DATABASE_URL" in os.environ else read_environment(choose_data_dir())
    command = [sys.executable, "-m", "api.cli", *sys.argv[1:]]
    os.execve(sys.executable, command, {**settings, **os.environ})  # noqa: S606
