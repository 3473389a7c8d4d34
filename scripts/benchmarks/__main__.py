"""`./scripts/bench utils` and `./scripts/bench api`: what the program costs on this machine."""

import argparse

from scripts.benchmarks.api import PARTS, run


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="./scripts/bench",
        description=__doc__,
        epilog="Runs on shared machines differ by 15 to 20 %: repeat, and compare medians.",
    )
    suites = parser.add_subparsers(dest="suite", required=True)
    suites.add_parser("utils", help="templates, text messages, recipients: one process, no server")
    api = suites.add_parser("api", help="accepting, reading and delivering, on a server of its own")
    api.add_argument(
        "--repeats", type=int, default=3, help="runs of each load; the median counts (default: 3)"
    )
    api.add_argument(
        "--rows", type=int, default=1_000_000, help="messages in the table that is read (default: 1000000)"
    )
    api.add_argument(
        "--only", nargs="+", choices=PARTS, default=PARTS, help="parts to measure (default: all)"
    )
    given = parser.parse_args()
    if given.suite == "utils":
        from scripts.benchmarks import utils

        utils.run()
    else:
        run(repeats=given.repeats, rows=given.rows, parts=given.only)


if __name__ == "__main__":
    main()
