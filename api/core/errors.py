"""What core functions raise; `http/errors.py` says what each becomes for clients. Messages follow the contract."""


class BusinessRuleError(Exception):
    """The request is well-formed, but a rule of the service, template or recipient refuses it."""


class ForbiddenRuleError(BusinessRuleError):
    """A rule that the contract answers with 403."""


class RecipientError(BusinessRuleError):
    """The recipient has the right form, but this service may not send there."""


class PdfNotReadyError(BusinessRuleError):
    def __init__(self) -> None:
        super().__init__("PDF not available yet, try again later")


class NotFoundError(Exception):
    """Unknown, another service's, or past its retention: callers cannot tell which."""
