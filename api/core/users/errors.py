"""Why a change to a person's account is refused."""

from api.core.command_errors import ConflictError, InvalidValueError, UnknownSubjectError


class UserNotFoundError(UnknownSubjectError):
    def __init__(self, reference: str) -> None:
        super().__init__(
            f"No user has the id or e-mail address {reference!r}: `users list` shows them", field="user"
        )


class EmailAddressTakenError(ConflictError):
    def __init__(self) -> None:
        super().__init__(
            "Another account has this e-mail address: use that one, or give another address",
            field="email_address",
        )


class WeakPasswordError(InvalidValueError):
    def __init__(self, reason: str) -> None:
        super().__init__(f"The password {reason}", field="password")


class LastManagerError(ConflictError):
    """A service would have nobody left who may manage it."""

    def __init__(self, service_names: list[str]) -> None:
        names = ", ".join(service_names)
        super().__init__(
            f"Nobody else may manage {names}: first give `manage_settings` to another active member",
            field="user",
        )
