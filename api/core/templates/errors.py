"""Why a change to a template is refused."""

from api.core.command_errors import ConflictError, InvalidValueError, UnknownSubjectError


class TemplateNotFoundError(UnknownSubjectError):
    def __init__(self, reference: str) -> None:
        super().__init__(
            f"No template has the id {reference!r}: `templates list` shows them", field="template"
        )


class TemplateArchivedError(ConflictError):
    def __init__(self) -> None:
        super().__init__("The template is archived for good: create another one", field="template")


class SubjectNotAllowedError(InvalidValueError):
    def __init__(self, channel: str) -> None:
        super().__init__(f"Templates of {channel} have no subject: leave it out", field="subject")


class SubjectMissingError(InvalidValueError):
    def __init__(self, channel: str) -> None:
        super().__init__(f"Templates of {channel} need a subject: give one", field="subject")


class ContentTooLongError(InvalidValueError):
    def __init__(self, length: int, limit: int, unit: str) -> None:
        super().__init__(
            f"The content has {length} {unit}, even with nothing filled in: shorten it to {limit}",
            field="content",
        )
