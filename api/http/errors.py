"""The one table from exceptions to answers (contract: errors).

Routes of `/v2/` answer `{"status_code", "errors": [{"error", "message"}]}`; all others the older
`{"result": "error", "message"}`. Official clients tell the two apart by the top-level `message`.
"""

import logging
from collections.abc import Sequence

from flask import Flask, Response, request
from sqlalchemy.exc import DataError, NoResultFound
from werkzeug.exceptions import HTTPException

from api.core.errors import (
    BusinessRuleError,
    ForbiddenRuleError,
    NotFoundError,
    PdfNotReadyError,
    RecipientError,
)
from api.core.notifications.limits import DailyLimitExceededError, RateLimitExceededError
from api.http.responses import json_response
from api.http.v2.authentication import AuthenticationError
from api.http.validation import ContractValidationError

log = logging.getLogger(__name__)

# Exception → status and contract class; the message is the exception's own sentence.
CONTRACT_ERRORS: dict[type[Exception], tuple[int, str]] = {
    RateLimitExceededError: (429, "RateLimitError"),
    DailyLimitExceededError: (429, "TooManyRequestsError"),
    PdfNotReadyError: (400, "PDFNotReadyError"),
    RecipientError: (400, "InvalidPhoneError"),
    ForbiddenRuleError: (403, "BadRequestError"),
    BusinessRuleError: (400, "BadRequestError"),
    NotFoundError: (404, "NoResultFound"),
    NoResultFound: (404, "NoResultFound"),
    DataError: (404, "DataError"),
}
NOT_FOUND_CLASSES = (NotFoundError, NoResultFound, DataError)


def contract_error(status: int, errors: Sequence[dict[str, object]]) -> Response:
    return json_response({"status_code": status, "errors": list(errors)}, status)


def plain_error(status: int, message: object) -> Response:
    return json_response({"result": "error", "message": message}, status)


def register_error_handlers(app: Flask) -> None:
    app.register_error_handler(AuthenticationError, _authentication_failed)
    app.register_error_handler(ContractValidationError, _validation_failed)
    for error_type in CONTRACT_ERRORS:
        app.register_error_handler(error_type, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def _authentication_failed(error: AuthenticationError) -> Response:
    return contract_error(error.status, [{"error": "AuthError", "message": str(error)}])


def _validation_failed(error: ContractValidationError) -> Response:
    return contract_error(400, error.errors)


def _refused(error: Exception) -> Response:
    status, name = next(
        found for error_type, found in CONTRACT_ERRORS.items() if isinstance(error, error_type)
    )
    message = "No result found" if isinstance(error, NOT_FOUND_CLASSES) else str(error)
    return contract_error(status, [{"error": name, "message": message}])


def _http_error(error: HTTPException) -> Response:
    """Unknown paths and methods come here, and answer in the older form even below `/v2/`."""
    status = error.code or 500
    response = plain_error(status, error.description or error.name)
    for name, value in error.get_headers():
        if name.lower() in {"allow", "location", "retry-after"}:
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    log.error("request_failed", extra={"endpoint": request.endpoint}, exc_info=error)
    if request.path.startswith("/v2/"):
        return contract_error(500, [{"error": type(error).__name__, "message": "Internal server error"}])
    return plain_error(500, "Internal server error")
