import io
import logging

import orjson

from notifications_utils.observability.logs import JsonFormatter, bound, unbind


def write(emit) -> list[dict]:
    unbind()  # what another test's request left
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter("api"))
    logger = logging.getLogger("test.logs")
    logger.handlers[:], logger.propagate = [handler], False
    logger.setLevel(logging.DEBUG)
    emit(logger)
    return [orjson.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_event_with_its_fields() -> None:
    (line,) = write(lambda log: log.info("sms_accepted", extra={"parts": 2}))
    assert line["event"] == "sms_accepted"
    assert (line["application"], line["level"], line["parts"]) == ("api", "INFO", 2)
    assert line["time"].endswith("+00:00")


def test_bound_fields_last_for_their_block_only() -> None:
    def emit(log: logging.Logger) -> None:
        with bound(request_id="r1"), bound(task_id="t1", nothing=None):
            log.info("inside")
        log.info("outside")

    inside, outside = write(emit)
    assert (inside["request_id"], inside["task_id"]) == ("r1", "t1")
    assert "nothing" not in inside
    assert "request_id" not in outside


def test_an_exception_is_written_without_its_message() -> None:
    def emit(log: logging.Logger) -> None:
        try:
            raise ValueError("canary@example.fr")
        except ValueError:
            log.exception("failed")

    (line,) = write(emit)
    assert line["error"] == "ValueError"
    assert line["stack"]
    assert "canary" not in orjson.dumps(line).decode()
