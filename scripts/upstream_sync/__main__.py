"""`python -m scripts.upstream_sync`, which `./scripts/upstream` calls."""

from scripts.upstream_sync.cli import cli

if __name__ == "__main__":
    cli(prog_name="upstream")
