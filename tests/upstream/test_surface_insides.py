"""Closed sets, limits, tables, tasks, configuration, dependencies, the library: what is not the public contract."""

import pytest

from scripts.upstream_sync.surfaces import (
    configuration,
    constants,
    dependencies,
    documented,
    library,
    migrations,
    tables,
    tasks,
)
from tests.upstream.modules import read
from tests.upstream.repositories import small_api

(TABLES,), (MIGRATIONS,), (CONFIG,) = tables.SURFACES, migrations.SURFACES, configuration.SURFACES
TASKS, SCHEDULE, QUEUES = tasks.SURFACES
(DEPENDENCIES,), (DOCUMENTED,) = dependencies.SURFACES, documented.SURFACES
DB = "from flask_sqlalchemy import SQLAlchemy\n\ndb = SQLAlchemy()\n"


def columns_of(models: str) -> dict:
    found = read(
        TABLES,
        {
            "app/__init__.py": DB,
            "app/models.py": f"from app import db\nfrom sqlalchemy.ext.declarative import declared_attr\n{models}",
        },
    )
    assert found.problems == ()
    return {key.partition(" ")[2]: value for key, value in found.values.items() if key.startswith("column ")}


def test_closed_sets_are_listed_member_by_member():
    found = read(constants.SETS, small_api())
    assert set(found.values) == {
        "status notification created", "status notification delivered", "key-type normal", "key-type test",
    }  # fmt: skip


def test_a_closed_set_that_cannot_be_known_is_a_problem():
    files = {"app/constants.py": "NOTIFICATION_STATUS_TYPES = load()"}
    assert [problem.kind for problem in read(constants.SETS, files).problems] == ["unresolved"]


def test_enumerations_and_constants_have_values():
    assert read(constants.ENUMS, small_api()).values == {"enum Colour RED": "red", "enum Colour BLUE": "bleu"}
    found = read(constants.CONSTANTS, small_api()).values
    assert found["constant REFERENCE_LIMIT"] == 1000
    assert found["constant NOTIFICATION_TYPES"] == ["sms", "email"]


def test_texts_for_people_are_kept_as_their_hash():
    files = {"app/constants.py": "TEXTS = {'a': 'The inbox is full', 'b': 'in progress'}"}
    value = read(constants.CONSTANTS, files).values["constant TEXTS"]
    assert value["b"] == "in progress"
    assert set(value["a"]) == {"h", "n"}


def test_one_name_with_two_values_is_told_by_its_file():
    files = {"app/constants.py": "A = 1\nB = 2", "app/models.py": "A = 3\nB = 2"}
    assert read(constants.CONSTANTS, files).values == {
        "constant A (app/constants.py)": 1, "constant A (app/models.py)": 3, "constant B": 2,
    }  # fmt: skip


def test_limits_are_found_in_constants_classes_and_methods():
    files = {
        "app/config.py": "class Config:\n    API_PAGE_SIZE = 50 * 5\n",
        "notifications_utils/__init__.py": "SMS_CHAR_COUNT_LIMIT = 918\n",
        "notifications_utils/template.py": "class BaseEmailTemplate:\n    def is_message_too_long(self):\n        return self.size > 2_000\n",
    }
    found = read(constants.LIMITS, files)
    assert found.values == {"limit page-size": 250, "limit sms-characters": 918, "limit email-bytes": 2000}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("x = db.Column(db.Integer)", {"x": {"type": "integer", "nullable": True}}),
        ("x = db.Column(db.String(255), nullable=False, default='a')", {"x": {"type": "string", "nullable": False, "default": "a"}}),
        ("x = db.Column('y', UUID(as_uuid=True), primary_key=True)", {"y": {"type": "uuid", "nullable": False}}),
        ("x = db.Column(db.ForeignKey('a.id'))", {"x": {"type": "foreign-key", "nullable": True}}),
        ("x = db.Column(db.ForeignKey('a.id'), name='z')", {"z": {"type": "foreign-key", "nullable": True}}),
        ("x = db.Column(db.Enum(*KINDS, name='kinds'), index=True)", {"x": {"type": "enum", "nullable": True, "values": ["a", "b"]}}),
        ("@declared_attr\n    def x(cls):\n        return db.Column(db.Boolean, default=False)", {"x": {"type": "boolean", "nullable": True, "default": False}}),
        ("x = db.relationship('Other')", {}),
        ("@property\n    def x(self):\n        return 1", {}),
    ],
)  # fmt: skip
def test_columns(column, value):
    models = f"from sqlalchemy.dialects.postgresql import UUID\nKINDS = ['b', 'a']\nclass T(db.Model):\n    __tablename__ = 't'\n    {column}\n"
    assert columns_of(models) == {f"t.{name}": found for name, found in value.items()}


def test_tables_of_classes_bases_history_and_association():
    models = """
Base = db.Model


class Versioned:
    pass


class Common(Base):
    __abstract__ = True
    id = db.Column(db.Integer, primary_key=True)


class BigThing(Common, Versioned):
    name = db.Column(db.String)


class Plain(Common):
    __tablename__ = "plains"
    version = db.Column(db.Integer)


class NoTable:
    name = db.Column(db.String)


link = db.Table("link", db.metadata, db.Column("a_id", db.ForeignKey("a.id")), db.UniqueConstraint("a_id"))
"""
    assert set(columns_of(models)) == {
        "big_thing.id", "big_thing.name", "big_thing.version", "big_thing_history.id", "big_thing_history.name",
        "big_thing_history.version", "plains.id", "plains.version", "link.a_id",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("extra", "problems"),
    [({}, 0), ({"migrations/versions/9_other.py": "revision = 'x'\ndown_revision = '0001_begin'"}, 1)],
)
def test_the_newest_migration_is_the_one_that_none_follows(extra, problems):
    found = read(MIGRATIONS, {**small_api(), **extra})
    assert found.values == {"migration head": "0002_teams"}
    assert len(found.problems) == problems


def test_tasks_have_the_queues_that_calls_name():
    files = {
        "app/queues.py": "class QueueNames:\n    A = 'a-tasks'\n    B = 'b-tasks'\n    _C = 'c'\n",
        "app/tasks.py": (
            "from app import celery\n@celery.task(bind=True, name='one')\ndef first(self):\n    pass\n"
            "@celery.task\ndef second():\n    pass\n@celery.other\ndef third():\n    pass\n"
        ),
        "app/calls.py": (
            "from app.queues import QueueNames\nfrom app.tasks import first\n"
            "def go():\n    first.apply_async(queue=QueueNames.A)\n    first.apply_async([1], queue=QueueNames.B)\n"
            "    first.apply_async(queue=choose())\n"
        ),
    }  # fmt: skip
    assert read(TASKS, files).values == {
        "task one": {"queues": ["a-tasks", "b-tasks"]}, "task app.tasks.second": {"queues": []},
    }  # fmt: skip
    assert set(read(QUEUES, files).values) == {"queue a-tasks", "queue b-tasks"}


def test_a_task_whose_name_cannot_be_known_is_a_problem():
    text = "def make():\n    log()\n    return 'a'\n@celery.task(name={})\ndef first():\n    pass\n"
    for name in ("make()", "unknown", "5"):
        found = read(TASKS, {"app/tasks.py": text.format(name)})
        assert ([problem.kind for problem in found.problems], found.values) == (["unresolved"], {})


def test_the_schedule_is_cron_or_seconds():
    assert read(SCHEDULE, small_api()).values == {
        "beat sweep": {"task": "sweep-up", "schedule": "5 2 * * *", "queue": "periodic-tasks"},
        "beat beat": {"task": "beat-drum", "schedule": "every 60 s"},
    }


def test_configuration_tells_where_values_come_from_but_no_texts():
    assert read(CONFIG, small_api()).values == {
        "config SECRET": {"from": "environment"},
        "config PAGE_SIZE": {"from": "code", "value": 50},
        "config CELERY": {"from": "code"},
    }


def test_dependencies_of_requirements_and_projects():
    lines = """
        # a comment
        -r other.in
        Flask-Thing[extra]~=3.1  # why
        plain
        name_with.dots==1.0 ; python_version < "4"
        utils @ git+https://example.org/utils.git@127.0.0
        git+https://example.org/metrics.git@abc
    """
    assert {key: value["pin"] for key, value in read(DEPENDENCIES, {"requirements.in": lines}).values.items()} == {
        "dependency flask-thing": "~=3.1", "dependency plain": "", "dependency name-with-dots": "==1.0",
        "dependency utils": "127.0.0", "dependency metrics": "abc",
    }  # fmt: skip
    project = """
        [project]
        dependencies = ["flask>=3"]
        [tool.poetry.dependencies]
        celery = {version = "5.4", extras = ["sqs"]}
        utils = {git = "https://example.org/utils.git", tag = "53.2.1"}
    """
    assert {key: value["pin"] for key, value in read(DEPENDENCIES, {"pyproject.toml": project}).values.items()} == {
        "dependency flask": ">=3", "dependency celery": "5.4", "dependency utils": "53.2.1",
    }  # fmt: skip
    assert [problem.kind for problem in read(DEPENDENCIES, {"pyproject.toml": "= ="}).problems] == ["parse"]


def test_the_library_is_what_others_can_import():
    text = """
        def count(text: str, *, limit=5, **more) -> int:
            return 1

        def _hidden(): ...

        class Thing(Base, metaclass=Meta):
            def __init__(self, a): ...
            def show(self, /, b: int = 2, *rest): ...
            def _inner(self): ...
    """
    assert read(library.LIBRARY, {"notifications_utils/a/__init__.py": text}).values == {
        "library a.count": {"kind": "function", "parameters": ["text", "*", "limit=", "**more"]},
        "library a.Thing": {"kind": "class", "bases": ["Base"]},
        "library a.Thing.__init__": {"kind": "function", "parameters": ["self", "a"]},
        "library a.Thing.show": {"kind": "function", "parameters": ["self", "/", "b=", "*rest"]},
    }


def test_clients_of_providers():
    files = {"app/clients/__init__.py": "", "app/clients/sms/quick.py": "", "app/clients/sms/__init__.py": ""}
    assert set(read(library.CLIENTS, files).values) == {"client sms/quick", "client sms"}


def test_documented_properties_without_their_descriptions():
    text = """{"paths": {"/v2/x": {}}, "post": {"requestBody": {"content": {"application/json": {"schema": {
        "required": ["a"], "properties": {"a": {"type": "string", "description": "What it is, at length"},
        "b": {"type": "array", "items": {"properties": {"c": {"type": "null"}}}}}}}}}}}"""
    assert read(DOCUMENTED, {"openapi/POST_x.json": text}).values == {
        "documented-route /v2/x": {},
        "documented POST_x /post/requestBody/a": {"type": "string", "required": True},
        "documented POST_x /post/requestBody/b": {"type": "array"},
        "documented POST_x /post/requestBody/b/c": {"type": "null"},
    }
