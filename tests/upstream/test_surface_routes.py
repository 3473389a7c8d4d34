"""Routes, however they come to their address and their guard."""

import pytest

from scripts.upstream_sync.facts import FactSet
from scripts.upstream_sync.surfaces import routes
from tests.upstream.modules import read
from tests.upstream.repositories import small_api

PUBLIC, INTERNAL = routes.SURFACES
AUTH = "def requires_auth():\n    pass\n\n\ndef requires_admin_auth():\n    pass\n\n\ndef requires_sre_auth():\n    pass\n"
VIEW = "@bp.route({rule})\ndef view(**_):\n    pass\n"


def routes_of(files: dict[str, str]) -> dict[str, str]:
    """Key without "route" → auth."""
    found: list[FactSet] = [
        read(surface, {"app/__init__.py": "", "app/auth.py": AUTH, **files}) for surface in (PUBLIC, INTERNAL)
    ]
    assert [problem for each in found for problem in each.problems] == []
    return {fact.key.removeprefix("route "): fact.value["auth"] for each in found for fact in each.facts}


def register(how: str, imports: str = "from app.views import bp") -> str:
    return f"def create(application):\n    from app.auth import requires_admin_auth, requires_auth\n    {imports}\n    {how}\n"


def test_a_small_api_whole():
    assert routes_of(small_api()) == {
        "GET /": "none",
        "GET /_status": "none",
        "POST /_status": "none",
        "GET /team/{id}": "admin",
        "POST /team": "admin",
        "GET /v2/messages/{id}": "service-key",
        "POST /v2/messages/email": "service-key",
        "POST /v2/messages/sms": "service-key",
    }


def test_public_is_what_a_service_key_opens_or_lies_below_the_version():
    files = {"app/__init__.py": "", "app/auth.py": AUTH, **small_api()}
    assert {fact.key for fact in read(PUBLIC, files).facts} == {
        "route GET /v2/messages/{id}", "route POST /v2/messages/email", "route POST /v2/messages/sms",
    }  # fmt: skip
    assert all(fact.value["area"] == "internal" for fact in read(INTERNAL, files).facts)


@pytest.mark.parametrize(
    ("made", "rule", "registered", "expected"),
    [
        ("", "'/x'", "application.register_blueprint(bp)", "/x"),
        (", url_prefix='/a'", "'/x'", "application.register_blueprint(bp)", "/a/x"),
        (", url_prefix='/a'", "'/x'", "application.register_blueprint(bp, url_prefix='/b')", "/b/x"),
        ("", "''", "application.register_blueprint(bp, url_prefix='/b/')", "/b/"),
        ("", "f'/{KIND}/<int:n>'", "application.register_blueprint(bp)", "/sms/{n}"),
        ("", "'/{}'.format(KIND)", "application.register_blueprint(bp)", "/sms"),
        ("", "rule='/x'", "application.register_blueprint(bp)", "/x"),
        ("", "'/<thing_id>/<path:rest>'", "application.register_blueprint(bp)", "/{id}/{rest}"),
    ],
)
def test_a_prefix_comes_from_the_blueprint_or_its_registration(made, rule, registered, expected):
    views = f"from flask import Blueprint\nKIND = 'sms'\nbp = Blueprint('x', __name__{made})\n" + VIEW.format(
        rule=rule
    )
    assert routes_of({"app/views.py": views, "app/main.py": register(registered)}) == {
        f"GET {expected}": "none"
    }


def test_a_helper_registers_and_guards():
    main = """
        from app.auth import requires_admin_auth, requires_sre_auth


        def add(application, blueprint, guard, prefix=None):
            if not blueprint.known:
                blueprint.before_request(guard)
                if prefix:
                    application.register_blueprint(blueprint, url_prefix=prefix)
                else:
                    application.register_blueprint(blueprint)


        def create(application):
            from app.views import bp
            from app.views import other as another

            add(application, bp, requires_admin_auth, "/here")
            add(application, another, guard=requires_sre_auth)
    """
    views = (
        "from flask import Blueprint\nbp = Blueprint('x', __name__)\nother = Blueprint('y', __name__, url_prefix='/there')\n"
        + VIEW.format(rule="'/x'") + VIEW.replace("bp", "other").format(rule="'/y'")
    )  # fmt: skip
    assert routes_of({"app/views.py": views, "app/main.py": main}) == {
        "GET /here/x": "admin",
        "GET /there/y": "sre",
    }


def test_a_blueprint_inside_another_has_both_prefixes_and_its_guard():
    views = (
        "from flask import Blueprint\nfrom app.auth import requires_auth\n"
        "outer = Blueprint('o', __name__, url_prefix='/o')\nouter.before_request(requires_auth)\n"
        "bp = Blueprint('x', __name__, url_prefix='/i')\nouter.register_blueprint(bp)\n"
    ) + VIEW.format(rule="'/x'")  # fmt: skip
    main = register("application.register_blueprint(outer)", "from app.views import outer")
    assert routes_of({"app/views.py": views, "app/main.py": main}) == {"GET /o/i/x": "service-key"}


@pytest.mark.parametrize(
    ("decorator", "methods"),
    [
        ("route('/x', methods=['POST', 'get'])", {"GET", "POST"}),
        ("route('/x', methods=('PUT',))", {"PUT"}),
        ("get('/x')", {"GET"}),
        ("delete('/x')", {"DELETE"}),
        ("route('/x', methods=METHODS)", {"PATCH"}),
    ],
)
def test_methods(decorator, methods):
    views = f"from flask import Blueprint\nMETHODS = ['PATCH', 'HEAD']\nbp = Blueprint('x', __name__)\n@bp.{decorator}\ndef v():\n    pass\n"
    assert set(routes_of({"app/views.py": views})) == {f"{method} /x" for method in methods}


def test_a_function_in_another_module_than_the_blueprint_and_with_several_addresses():
    views = "from app.blue import bp as b\n@b.route('/x')\n@b.route('/y')\ndef view():\n    pass\n"
    blue = "from flask import Blueprint\nbp = Blueprint('x', __name__, url_prefix='/p')\n"
    assert set(routes_of({"app/views.py": views, "app/blue.py": blue})) == {"GET /p/x", "GET /p/y"}


@pytest.mark.parametrize("rule", ["make_rule()", "unknown", "f'/{unknown}'"])
def test_an_address_that_cannot_be_known_is_a_problem(rule):
    views = "from flask import Blueprint\nbp = Blueprint('x', __name__)\n" + VIEW.format(rule=rule)
    assert [problem.kind for problem in read(INTERNAL, {"app/views.py": views}).problems] == ["unresolved"]


def test_other_decorators_make_no_route():
    views = (
        "from flask import Blueprint\nimport registry\nbp = Blueprint('x', __name__)\n"
        "@registry.get('/no')\n@bp.errorhandler(404)\n@cached\ndef view():\n    pass\n"
    )  # fmt: skip
    assert routes_of({"app/views.py": views}) == {}
