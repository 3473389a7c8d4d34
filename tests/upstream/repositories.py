"""Synthetic upstream repositories, made with git by the tests that need them.

`Upstream(folder)` has a work tree and helpers for what upstream does: commits, merges, squashes, reverts, rewritten
history, moved tags. Dates go forward by a day at each commit, so that histories are the same on each run. The texts are
ours; `small_api()` is a little Notify-like API in a dozen files.
"""

import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

Files = Mapping[str, str | bytes | None]
START = datetime(2026, 1, 5, 9, tzinfo=UTC)


# Written at once: a `git config` for each would be most of the time that a test takes.
_CONFIGURATION = """
[user]
    name = Someone
    email = someone@example.org
[commit]
    gpgsign = false
[uploadpack]
    allowFilter = true
    allowAnySHA1InWant = true
[gc]
    auto = 0
"""


class Upstream:
    def __init__(self, folder: Path, files: Files | None = None) -> None:
        self.path = folder
        self._clock = START
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")
        with (folder / ".git" / "config").open("a") as config:
            config.write(_CONFIGURATION)
        if files is not None:
            self.commit(files, "Begin")

    @property
    def tip(self) -> str:
        return self.git("rev-parse", "HEAD")

    def commit(self, files: Files, subject: str = "Change", body: str = "", *, days: float = 1) -> str:
        """Writes the files (None removes one) and commits them on the current branch; its id."""
        for name, content in files.items():
            self._put(self.path / name, content)
        self.git("add", "--all")
        return self._commit(f"{subject}\n\n{body}".strip(), days)

    def pull_request(self, number: int, files: Files, title: str = "change", body: str = "") -> str:
        """One commit on a branch, merged into main as the forge does; the merge's id."""
        self.branch(title)
        self.commit(files, title.capitalize(), body, days=0)
        return self.merge(number, title)

    def branch(self, name: str) -> None:
        self.git("switch", "--quiet", "--create", _ref(name))

    def merge(self, number: int, branch: str, *, owner: str = "example") -> str:
        self.git("switch", "--quiet", "main")
        self.git("merge", "--quiet", "--no-ff", "--no-commit", _ref(branch))
        return self._commit(
            f"Merge pull request #{number} from {owner}/{_ref(branch)}\n\n{branch.capitalize()}", 1
        )

    def squash(self, number: int, files: Files, title: str = "change") -> str:
        """A pull request that arrives as one commit."""
        return self.commit(files, f"{title.capitalize()} (#{number})")

    def revert(self, commit: str, number: int, title: str) -> str:
        """A pull request that undoes `commit`, in the forge's words; the merge's id."""
        branch = f"revert-{number}-{title}"
        self.branch(branch)
        parents = self.git("rev-list", "--no-walk", "--parents", commit).split()
        mainline = ("--mainline", "1") if len(parents) > 2 else ()
        self.git("revert", "--no-commit", *mainline, commit)
        self._commit(f'Revert "{title.capitalize()}"\n\nThis reverts commit {commit}.', 0)
        return self.merge(number, branch)

    def rewrite(self, files: Files, subject: str = "Rewritten", *, back: int = 1) -> str:
        """Replaces the last commits of main, as a forced push does."""
        self.git("reset", "--quiet", "--hard", f"HEAD~{back}")
        return self.commit(files, subject)

    def tag(self, name: str, *, move: bool = False) -> None:
        self.git("tag", *(("--force",) if move else ()), "--annotate", "--message", name, name)

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=self._environment,
        )
        assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
        return done.stdout.strip()

    def _commit(self, message: str, days: float) -> str:
        self._clock += timedelta(days=days)
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.tip

    def _put(self, path: Path, content: str | bytes | None) -> None:
        if content is None:
            path.unlink()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else dedent(content).lstrip("\n").encode())

    @property
    def _environment(self) -> dict[str, str]:
        when = self._clock.isoformat()
        fixed = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when, "GIT_CONFIG_GLOBAL": os.devnull}
        return os.environ | fixed | {"GIT_CONFIG_SYSTEM": os.devnull, "LC_ALL": "C"}


def _ref(name: str) -> str:
    return "-".join(name.lower().split())


def small_api() -> dict[str, str]:
    """An API of the same make as upstream's, in our own words."""
    return {name: dedent(content).lstrip("\n") for name, content in _SMALL_API.items()}


_SMALL_API = {
    "app/__init__.py": """
        from flask import Flask
        from flask_sqlalchemy import SQLAlchemy
        from library.celery import Celery

        db = SQLAlchemy()
        notify_celery = Celery()


        def create_app(application: Flask):
            from app.auth import requires_admin_auth, requires_auth, requires_no_auth
            from app.status import status as status_blueprint
            from app.team.rest import team_blueprint
            from app.v2.messages import v2_blueprint

            team_blueprint.before_request(requires_admin_auth)
            application.register_blueprint(team_blueprint, url_prefix="/team")

            status_blueprint.before_request(requires_no_auth)
            application.register_blueprint(status_blueprint)

            v2_blueprint.before_request(requires_auth)
            application.register_blueprint(v2_blueprint)
    """,
    "app/auth.py": """
        class AuthError(Exception):
            def __init__(self, message, code):
                self.message = message
                self.code = code


        def requires_no_auth():
            pass


        def requires_admin_auth():
            raise AuthError("Not for you", 401)


        def requires_auth():
            raise AuthError("No such key", 403)
    """,
    "app/constants.py": """
        import enum

        SMS_TYPE = "sms"
        EMAIL_TYPE = "email"
        NOTIFICATION_TYPES = [SMS_TYPE, EMAIL_TYPE]

        NOTIFICATION_CREATED = "created"
        NOTIFICATION_DELIVERED = "delivered"
        NOTIFICATION_STATUS_TYPES = [NOTIFICATION_CREATED, NOTIFICATION_DELIVERED]

        KEY_TYPE_NORMAL = "normal"
        KEY_TYPE_TEST = "test"

        REFERENCE_LIMIT = 100 * 10


        class Colour(enum.StrEnum):
            RED = enum.auto()
            BLUE = "bleu"
    """,
    "app/config.py": """
        import os
        from datetime import timedelta

        from celery.schedules import crontab


        class QueueNames:
            PERIODIC = "periodic-tasks"
            SEND_SMS = "send-sms-tasks"


        class Config:
            SECRET = os.environ["SECRET"]
            PAGE_SIZE = 50
            CELERY = {
                "beat_schedule": {
                    "sweep": {
                        "task": "sweep-up",
                        "schedule": crontab(minute=5, hour=2),
                        "options": {"queue": QueueNames.PERIODIC},
                    },
                    "beat": {"task": "beat-drum", "schedule": timedelta(seconds=60)},
                }
            }


        class Test(Config):
            SECRET = "test"
    """,
    "app/tasks.py": """
        from app import notify_celery


        @notify_celery.task(name="sweep-up")
        def sweep():
            pass


        @notify_celery.task(name="beat-drum")
        def drum():
            pass
    """,
    "app/status.py": """
        from flask import Blueprint, jsonify

        status = Blueprint("status", __name__)


        @status.route("/", methods=["GET"])
        @status.route("/_status", methods=["GET", "POST"])
        def show():
            return jsonify(status="ok")
    """,
    "app/team/__init__.py": "",
    "app/team/rest.py": """
        from flask import Blueprint, jsonify

        team_blueprint = Blueprint("team", __name__)


        @team_blueprint.route("/<uuid:team_id>", methods=["GET"])
        def get_team(team_id):
            return jsonify(data={"id": team_id})


        @team_blueprint.route("", methods=["POST"])
        def create_team():
            return jsonify(data={}), 201
    """,
    "app/v2/__init__.py": "",
    "app/v2/errors.py": """
        from app.auth import AuthError


        class InvalidRequest(Exception):
            def __init__(self, message, status_code):
                self.message = message
                self.status_code = status_code


        class BadRequestError(InvalidRequest):
            message = "Something is wrong with it"

            def __init__(self, message=None, status_code=400):
                self.message = message or self.message
                self.status_code = status_code


        class TooManyError(InvalidRequest):
            status_code = 429

            def __init__(self, limit):
                self.message = f"More than {limit} is too many"


        def register_errors(blueprint):
            @blueprint.errorhandler(InvalidRequest)
            def invalid(error):
                return error.message, error.status_code

            @blueprint.errorhandler(AuthError)
            def auth(error):
                return error.message, error.code
    """,
    "app/v2/messages/__init__.py": """
        from flask import Blueprint

        from app.v2.errors import register_errors

        v2_blueprint = Blueprint("v2", __name__, url_prefix="/v2/messages")

        register_errors(v2_blueprint)

        from app.v2.messages import post  # noqa
    """,
    "app/v2/messages/post.py": """
        from flask import abort, jsonify

        from app.constants import EMAIL_TYPE, SMS_TYPE
        from app.v2.errors import BadRequestError
        from app.v2.messages import v2_blueprint
        from app.v2.messages.schemas import post_sms_request


        @v2_blueprint.route("/<message_type>", methods=["POST"])
        def post_message(message_type):
            if message_type == EMAIL_TYPE:
                pass
            elif message_type == SMS_TYPE:
                pass
            else:
                abort(404)
            if not post_sms_request:
                raise BadRequestError(message="Nothing to read in it")
            return jsonify({"id": "1", "content": {"body": "text"}}), 201


        @v2_blueprint.route("/<message_id>")
        def get_message(message_id):
            return jsonify(id=message_id, status="created")
    """,
    "app/v2/messages/schemas.py": """
        from app.constants import NOTIFICATION_TYPES, REFERENCE_LIMIT

        identifier = {"type": "string", "format": "validate_uuid", "validationMessage": "is no identifier"}

        post_sms_request = {
            "type": "object",
            "properties": {
                "phone_number": {"type": "string", "format": "phone_number"},
                "template_id": identifier,
                "reference": {"type": "string", "maxLength": REFERENCE_LIMIT},
            },
            "required": ["phone_number", "template_id"],
            "additionalProperties": False,
        }

        get_notification_response = {
            "type": "object",
            "properties": {"id": identifier, "type": {"enum": NOTIFICATION_TYPES}},
            "required": ["id"],
        }
    """,
    "app/models.py": """
        import uuid

        from app import db


        class Team(db.Model):
            __tablename__ = "teams"

            id = db.Column(db.UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
            name = db.Column(db.String(255), nullable=False, unique=True)
            parent_id = db.Column(db.UUID, db.ForeignKey("teams.id"), nullable=True)


        membership = db.Table(
            "membership",
            db.Model.metadata,
            db.Column("team_id", db.UUID, db.ForeignKey("teams.id"), nullable=False),
            db.Column("user_id", db.UUID, nullable=False),
        )
    """,
    "migrations/versions/0001_begin.py": """
        revision = "0001_begin"
        down_revision = None
    """,
    "migrations/versions/0002_teams.py": """
        revision = "0002_teams"
        down_revision = "0001_begin"
    """,
    "requirements.in": """
        # comment
        flask==3.1.0
        notifications-utils @ git+https://github.com/example/utils.git@127.0.0
    """,
    "tests/test_status.py": """
        def test_status_says_ok():
            assert True
    """,
}
