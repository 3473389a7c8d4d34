"""`python -m scripts.conformance_suite`, which `./scripts/conformance` calls."""

import sys

from scripts.conformance_suite.run import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
