"""Why a change to a service is refused."""

import uuid

from api.core.command_errors import ConflictError, InvalidValueError, UnknownSubjectError
from notifications_utils.sms.sender import InvalidSenderError


class ServiceNotFoundError(UnknownSubjectError):
    def __init__(self, reference: str) -> None:
        super().__init__(
            f"No service has the id or name {reference!r}: `services list` shows them", field="service"
        )


class ServiceNameTakenError(ConflictError):
    def __init__(self, name: str) -> None:
        super().__init__(
            f"Another service is called {name!r}, or would send from the same address: give another name",
            field="name",
        )


class ServiceArchivedError(ConflictError):
    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is archived for good: create another service", field="service")


class QuietHoursUnavailableError(ConflictError):
    def __init__(self) -> None:
        super().__init__(
            "Nothing in this deployment holds messages back: apply a patch that fills the slot `sending_hours`, such "
            "as `quiet_hours`, with PATCHES",
            field="quiet_hours",
        )


class NotAMemberError(UnknownSubjectError):
    def __init__(self, user_name: str, service_name: str) -> None:
        super().__init__(
            f"{user_name} is not a member of {service_name!r}: `members add` makes them one", field="user"
        )


class AlreadyAMemberError(ConflictError):
    def __init__(self, user_name: str, service_name: str) -> None:
        super().__init__(
            f"{user_name} is already a member of {service_name!r}: `members change` gives other permissions",
            field="user",
        )


class KeyNotFoundError(UnknownSubjectError):
    def __init__(self, reference: str) -> None:
        super().__init__(
            f"The service has no key in use with the id or name {reference!r}: `keys list` shows them",
            field="key",
        )


class KeyNameTakenError(ConflictError):
    def __init__(self, name: str) -> None:
        super().__init__(
            f"The service has a key called {name!r}: revoke that one first, or give another name",
            field="name",
        )


class LiveKeyInTrialError(ConflictError):
    def __init__(self, service_name: str) -> None:
        super().__init__(
            f"{service_name!r} is in trial mode and may not have live keys: make a `team` or `test` key, "
            "or first `services go-live`",
            field="key_type",
        )


class SenderNotFoundError(UnknownSubjectError):
    def __init__(self, reference: uuid.UUID | str) -> None:
        super().__init__(
            f"The service has no such sender in use: {reference}; `senders list` shows them", field="sender"
        )


class SenderRefusedError(InvalidValueError):
    """`cause` has a code, and the text to be translated."""

    def __init__(self, cause: InvalidSenderError) -> None:
        super().__init__(f"The SMS sender {cause}", field="value")
        self.cause = cause


class SenderTakenError(ConflictError):
    def __init__(self, value: str) -> None:
        super().__init__(f"The service has {value!r} already", field="value")


class DefaultSenderError(ConflictError):
    def __init__(self) -> None:
        super().__init__(
            "The default sender cannot be archived: first make another one the default", field="sender"
        )


class NumberSenderError(ConflictError):
    def __init__(self) -> None:
        super().__init__(
            "This sender is a number that receives texts: release it with `inbound-numbers release`",
            field="sender",
        )
