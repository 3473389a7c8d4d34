"""Why a change to users, services or templates is refused: read by operators and by the admin's users."""

from api.core.errors import NotFoundError


class CommandError(Exception):
    """The sentence says what is wrong, where, and how to mend it; `field` names the value as the command takes it."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        self.field = field
        super().__init__(message)


class InvalidValueError(CommandError):
    """A value that is never right."""


class ConflictError(CommandError):
    """A change that would be right if something else were not as it is."""


class UnknownSubjectError(CommandError, NotFoundError):
    """What the command names does not exist."""
