"""The API's description of itself."""

from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from api.http.ops.openapi_document import OPERATIONS


def test_the_document_is_valid_openapi(anonymous):
    document = anonymous.get("/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    validate(document, cls=OpenAPIV31SpecValidator)


def test_every_public_route_is_described(anonymous):
    document = anonymous.get("/openapi.json").get_json()
    described = {
        (method.upper(), path) for path, operations in document["paths"].items() for method in operations
    }
    rules = anonymous.client.application.url_map.iter_rules()
    routes = {
        (method, str(rule).replace("<int:", "<").replace("<uuid:", "<").replace("<", "{").replace(">", "}"))
        for rule in rules
        if str(rule).startswith(("/v2/", "/unsubscribe/"))
        and rule.endpoint != "v2.post_unknown_channel"  # it only says 404
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert described == routes


def test_the_page_is_in_the_language_of_the_reader(anonymous):
    for language, title in (
        ("fr-FR,fr;q=0.9,en;q=0.5", "Documentation de l’API"),
        ("en-GB,en;q=0.9", "API documentation"),
        ("de", "Documentation de l’API"),
    ):
        answer = anonymous.client.get("/documentation", headers={"Accept-Language": language})
        page = answer.get_data(as_text=True)
        assert f"<h1>{title}</h1>" in page
        assert f'lang="{answer.headers["Content-Language"]}"' in page
        assert all(operation.path in page for operation in OPERATIONS)


def test_the_page_loads_nothing_from_elsewhere(anonymous):
    page = anonymous.get("/documentation").get_data(as_text=True)
    assert "<script" not in page
    assert "src=" not in page
    assert 'id="trial-mode"' in page
