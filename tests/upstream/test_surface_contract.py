"""Schemas, answers, callbacks, formats and errors of the public API."""

from collections.abc import Mapping

import pytest

from scripts.upstream_sync.surfaces import answers, errors, formats, schemas
from scripts.upstream_sync.surfaces.schema_map import InvalidSchemaMapError, load_schema_map
from tests.upstream.modules import read
from tests.upstream.repositories import small_api

PUBLIC_SCHEMAS, INTERNAL_SCHEMAS = schemas.SURFACES
ANSWERS, CALLBACKS = answers.SURFACES
SMS = "schema POST /v2/notifications/sms request"


def api(**views: str) -> dict[str, str]:
    """With a blueprint `bp` at /v2/things, of which `views` are modules."""
    start = "from flask import Blueprint, jsonify\nbp = Blueprint('t', __name__, url_prefix='/v2/things')\n"
    return {
        "app/__init__.py": "",
        "app/v2/__init__.py": "",
        "app/v2/bp.py": start,
        **{
            f"app/v2/{name}.py": f"from app.v2.bp import bp\nfrom flask import jsonify\n{text}"
            for name, text in views.items()
        },
    }


def keys_of(files: Mapping[str, str]) -> set[str]:
    found = read(ANSWERS, files)
    assert found.problems == ()
    return {fact.key.removeprefix("response-key ") for fact in found.facts}


def test_a_schema_is_known_by_its_address():
    found = read(PUBLIC_SCHEMAS, small_api())
    assert found.problems == ()
    assert found.values[SMS] == {"type": ["object"], "closed": True}
    assert found.values[f"{SMS} /reference"] == {"type": ["string"], "maxLength": 1000}
    assert found.values[f"{SMS} /template_id"] == {"type": ["string"], "required": True, "format": "uuid"}


def test_where_a_schema_is_written_does_not_matter():
    text = "post_sms_request = {'type': 'object', 'properties': {'a': {'$ref': '#/definitions/b'}}, 'definitions': {'b': {'type': 'string'}}}"
    here = read(PUBLIC_SCHEMAS, {"app/v2/notifications/schemas.py": text})
    there = read(PUBLIC_SCHEMAS, {"app/v2/elsewhere.py": f"# moved\n{text}"})
    assert here.digest == there.digest
    assert here.values[f"{SMS} /a"] == {"type": ["string"]}


@pytest.mark.parametrize(
    "text",
    [
        "unheard_of = {'type': 'object', 'properties': {}}",
        "post_sms_request = {'properties': {'a': {'enum': compute()['x']}}}",
        "post_sms_request = {'properties': {'a': unknown}}",
        "post_sms_request = {'properties': {'a': {'$ref': '#/definitions/gone'}}}",
        "post_sms_request = {'properties': {'a': {'$ref': '#/properties/a'}}}",
    ],
)
def test_a_public_schema_that_cannot_be_placed_or_read_is_a_problem(text):
    assert [problem.kind for problem in read(PUBLIC_SCHEMAS, {"app/v2/schemas.py": text}).problems] == [
        "unresolved"
    ]


def test_schemas_of_the_inside_are_known_by_their_folder():
    files = {
        "app/team/schemas.py": "one = {'$schema': 'x', 'type': 'object', 'properties': {'a': {'type': 'string'}}}"
    }
    assert set(read(INTERNAL_SCHEMAS, files).values) == {
        "internal-schema team.one",
        "internal-schema team.one /a",
    }


def test_the_map_of_schemas_says_nothing_twice(tmp_path):
    path = tmp_path / "map.toml"
    path.write_text('[[schema]]\nname = "a"\nat = "GET / query"\n' * 2)
    with pytest.raises(InvalidSchemaMapError):
        load_schema_map(path)


@pytest.mark.parametrize(
    ("view", "keys"),
    [
        ("return jsonify({'a': {'b': 1}, 'c': 2}), 201", {"201 /a", "201 /a/b", "201 /c"}),
        ("return jsonify(a=1, **{'b': 2})", {"200 /a", "200 /b"}),
        ("return jsonify([{'a': 1}])", {"200 /*", "200 /*/a"}),
        ("return jsonify(things=[make(t) for t in load()]), 200", {"200 /things", "200 /things/*", "200 /things/*/x"}),
        ("r = {'a': 1}\n    r['b'] = {'c': 2}\n    return jsonify(r)", {"200 /a", "200 /b", "200 /b/c"}),
        ("r = make(1)\n    r.update({'y': 1}, z=2)\n    return jsonify(r)", {"200 /x", "200 /y", "200 /z"}),
        ("r = []\n    r.append({'a': 1})\n    return jsonify(list=r)", {"200 /list", "200 /list/*", "200 /list/*/a"}),
        ("r = {'a': 1}\n    r |= {'b': 1}\n    return jsonify(r | {'c': 1})", {"200 /a", "200 /b", "200 /c"}),
        ("return jsonify({k: {'v': 1} for k in load()})", {"200 /{}", "200 /{}/v"}),
        ("return jsonify({'a': 1} if load() else {'b': 1})", {"200 /a", "200 /b"}),
        ("if load():\n        return jsonify(a=1), 201\n    return jsonify(b=1)", {"201 /a", "200 /b"}),
        ("if False:\n        return jsonify(a=1)\n    return jsonify(b=1)", {"200 /b"}),
        ("return other()", {"201 /o"}),
        ("f = functools.partial(make, 1)\n    return jsonify(f())", {"200 /x"}),
        ("try:\n        return jsonify(a=1)\n    except Exception:\n        return jsonify(b=1), 400", {"200 /a"}),
        ("return '', 204", set()),
        ("return jsonify(load().serialize())", {"200 /s", "200 /t"}),
        ("return jsonify(Typed(u=1))", {"200 /u"}),
    ],
)  # fmt: skip
def test_keys_of_an_answer_are_followed_to_where_they_are_written(view, keys):
    module = f"""
import functools
from typing import TypedDict


class Typed(TypedDict):
    u: int


class Thing:
    def serialize(self):
        return {{**self.part(), "t": 1}}

    def part(self):
        return {{"s": 1}}


def make(t):
    return {{"x": t}}


def other():
    return jsonify(o=1), 201


@bp.route("")
def view():
    {view}
"""
    assert keys_of(api(view=module)) == {f"GET /v2/things response {key}" for key in keys}


def test_each_kind_of_message_has_the_keys_of_its_own_branch():
    module = """
def answer(kind):
    if kind == "sms":
        body = {"number": 1}
    elif kind == "email":
        body = {"subject": 1}
    return {"id": 1, "body": body} | ({"more": 1} if kind == "email" else {})


@bp.route("/<message_type>", methods=["POST"])
def view(message_type):
    if message_type == "sms":
        pass
    elif message_type == "email":
        pass
    return jsonify(answer(kind=message_type)), 201
"""
    start = "POST /v2/things/{} response 201 {}"
    assert keys_of(api(view=module)) == {
        *(start.format("sms", key) for key in ("/id", "/body", "/body/number")),
        *(start.format("email", key) for key in ("/id", "/body", "/body/subject", "/more")),
    }


def test_functions_that_call_themselves_end():
    module = "def again(n):\n    return {'n': again(n)}\n\n\n@bp.route('')\ndef view():\n    return jsonify(again(1))\n"
    assert "GET /v2/things response 200 /n" in keys_of(api(view=module))


def test_what_is_posted_to_services():
    files = {"app/tasks.py": """
        @celery.task(bind=True, name="send-delivery-status")
        def send(self, sealed):
            data = {"id": 1, "status": sealed["x"]}
            log.info("sent", extra={"not": "this"})
            post(self, data)


        @celery.task(name="something-else")
        def other():
            data = {"not": "that"}
    """}  # fmt: skip
    assert set(read(CALLBACKS, files).values) == {
        "callback delivery_status /id",
        "callback delivery_status /status",
    }


def test_formats_are_their_values_and_the_digest_of_their_check():
    text = """
        @format_checker.checks("postage", raises=ValidationError)
        def check(value):
            if isinstance(value, str):
                if value not in ["second", "first"]:
                    raise ValidationError("no")
            return True
    """
    (surface,) = formats.SURFACES
    found = read(surface, {"app/checks.py": text})
    assert found.values["format postage"]["values"] == ["first", "second"]
    commented = text.replace("            return True", "            # so\n            return True")
    assert read(surface, {"app/checks.py": commented}).digest == found.digest
    assert read(surface, {"app/checks.py": text.replace('"first"', '"third"')}).digest != found.digest


def test_errors_are_classes_with_the_statuses_they_can_have():
    found = read(errors.PUBLIC, {**small_api(), "app/authentication/auth.py": small_api()["app/auth.py"]})
    assert {key for key in found.values if key.startswith("error ")} == {
        "error AuthError 401", "error AuthError 403", "error BadRequestError 400", "error TooManyError 429",
    }  # fmt: skip


AUTH = """
class AuthError(Exception):
    def __init__(self, message, code):
        self.message = message


def guard():
    if no_token:
        raise AuthError("You have no key", 401)
    message = f"Key {name} is not known here"
    raise AuthError(message, 403)
"""
ERRORS = """
from app.authentication.auth import AuthError
from somewhere import DataError as Other, NotFound


class Invalid(Exception):
    pass


class Bad(Invalid):
    message = "It is bad"

    def __init__(self, message=None, status_code=400):
        super().__init__()


class NotReady(Bad):
    def __init__(self):
        super().__init__(message="It is not ready yet, wait", status_code=425)


class Long(Bad):
    def describe(self):
        return {"errors": [{"error": "Shown", "message": self.message}]}


def register(blueprint):
    @blueprint.errorhandler(Invalid)
    def invalid(error):
        return error.describe(), error.status_code

    @blueprint.errorhandler(AuthError)
    def auth(error):
        return error.message, error.code

    @blueprint.errorhandler(NotFound)
    @blueprint.errorhandler(Other)
    def nothing(error):
        return (jsonify(status_code=404), 404)
"""
RAISES = """
from app.v2.errors import Bad, Long, NotReady


def check():
    raise Bad(message="Never with {}".format(1), status_code=403)
"""


def test_statuses_come_from_handlers_classes_and_raises():
    files = {"app/authentication/auth.py": AUTH, "app/v2/errors.py": ERRORS, "app/v2/post.py": RAISES}
    found = read(errors.PUBLIC, files)
    assert {key for key in found.values if key.startswith("error ")} == {
        "error AuthError 401", "error AuthError 403", "error Bad 400", "error Bad 403", "error NotReady 425",
        "error NotFound 404", "error DataError 404", "error Shown 400",
    }  # fmt: skip
    messages = [fact.value for fact in found.facts if fact.key.startswith("error-message AuthError")]
    assert sorted(value["n"] for value in messages) == [4, 6]
    assert sorted(value["ph"] for value in messages) == [0, 1]
    assert "bad" not in repr(found.values)


def test_what_the_inside_raises_is_no_error_of_the_public_api():
    inside = {
        "app/team/rest.py": "from app.v2.errors import Bad\n\n\ndef f():\n    raise Bad(status_code=409)\n"
    }
    files = {"app/authentication/auth.py": AUTH, "app/v2/errors.py": ERRORS, "app/v2/post.py": RAISES}
    assert read(errors.PUBLIC, {**files, **inside}).digest == read(errors.PUBLIC, files).digest
