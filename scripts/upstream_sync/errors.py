"""What can go wrong, in words that say what to do next."""


class UpstreamError(Exception):
    """`str(error)` says what happened, `cure` what to do; the command line shows both and exits with `exit_code`."""

    exit_code = 2

    def __init__(self, problem: str, cure: str = "") -> None:
        super().__init__(problem)
        self.cure = cure
