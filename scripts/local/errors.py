"""What stops a start, said so that a person can mend it."""


class CannotStartError(Exception):
    """`problem` says what and where, `cure` what to do about it."""

    def __init__(self, problem: str, cure: str) -> None:
        self.problem = problem
        self.cure = cure
        super().__init__(f"{problem}\n{cure}")
