"""What a file of upstream is for, by its path. Tables, first match first; `*` also matches `/`."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from scripts.upstream_sync.watch import Kind


class Area(StrEnum):
    TESTS = "tests"
    DEPENDENCIES = "dependencies"
    TOOLING = "tooling and documentation"
    MIGRATIONS = "migrations"
    CONTRACT = "public API"
    PROVIDERS = "providers"
    CONFIG = "configuration"
    TEMPLATES = "templates"
    TRANSLATIONS = "translations"
    FRONT_END = "styles, scripts and images"
    API_CALLS = "calls to the API"
    DATA = "reference data"
    PLUMBING = "plumbing"  # logs, metrics, servers, caches: nobody outside sees it
    PROGRAM = "program"
    VALUES = "values in the program"  # texts and numbers written out in it, and nothing else


# A pull request that touches nothing else cannot change what people and programs see.
UPKEEP: Final = frozenset({Area.TESTS, Area.DEPENDENCIES, Area.TOOLING})

_COMMON: Final = {
    Area.TESTS: ("tests/*", "tests[-_]*/*", "test_csv_files/*", "*/tests/*", "conftest.py", "*/functional_tests*"),
    Area.DEPENDENCIES: (
        "requirements*", "pyproject.toml", "poetry.lock", "uv.lock", "uv.toml", "package.json", "package-lock.json",
        ".nvmrc", ".npmrc", ".nsprc", ".pyup.yml", "renovate.json",
    ),
    Area.TOOLING: (
        ".*", "*.md", "LICEN[CS]E", "Makefile", "Dockerfile", "Procfile", "docker/*", "docs/*", "scripts/*", "bin/*",
        "ci/*", "openapi/*", "*.sh", "*.lst", "*.ini", "*.cfg", "*.toml", "eslint.config.mjs", "rollup.config.mjs", "stylelint.config.mjs", "*.yml", "*.yaml", "*/version.py*",
        "*/version_tools/*", "*/testing/*", "gunicorn_config.py", "gevent_*", "run_celery.py", "application.py",
        "get_zendesk_tickets.py", "MANIFEST.in",
    ),
}  # fmt: skip

_OF_KIND: Final[Mapping[Kind, Mapping[Area, Sequence[str]]]] = {
    Kind.API: {
        Area.MIGRATIONS: ("migrations/*",),
        Area.CONTRACT: (
            "app/v2/*", "app/schema_validation/*", "app/notifications/validators.py", "app/authentication/*",
            "app/one_click_unsubscribe/*",
        ),
        Area.PROVIDERS: (
            "app/clients/*", "app/delivery/*", "app/celery/process_*", "app/celery/research_mode*",
            "app/notifications/receive_notifications.py", "app/notifications/notifications_*callback*",
        ),
        Area.PLUMBING: (
            "app/otel*", "app/performance.py", "app/cronitor.py", "app/session.py", "app/notify_api_flask_app.py",
            "app/history_meta.py", "app/performance_dashboard/*", "app/status/*", "app/newsletter/*", "app/cypress/*",
        ),
        Area.CONFIG: ("app/config.py",),
        Area.PROGRAM: ("*.py",),
    },
    Kind.ADMIN: {
        Area.TRANSLATIONS: ("app/translations/*",),
        Area.TEMPLATES: ("app/templates/*", "app/articles/*"),
        Area.FRONT_END: ("app/assets/*", "*.js", "*.ts", "*.css", "*.scss"),
        Area.API_CALLS: ("app/notify_client/*",),
        Area.PLUMBING: ("app/performance.py", "app/commands.py", "app/proxy_fix.py", "app/status/*", "app/s3_client/*"),
        Area.CONFIG: ("app/config.py",),
        Area.PROGRAM: ("*.py",),
    },
    Kind.UTILS: {
        Area.PLUMBING: tuple(
            f"notifications_utils/{name}*"
            for name in (
                "celery", "clients/", "eventlet", "gunicorn", "logging", "request_helper", "s3", "semconv", "json",
                "serialised_model", "local_vars", "exception_handling", "interruptible_io", "asset_fingerprinter",
                "statsd_decorators", "monkeypatch", "base64_uuid", "metrics", "flask",
            )
        ),
        Area.TEMPLATES: ("*.jinja2", "*.html"),
        Area.DATA: ("*.json", "*.txt", "*.csv", "notifications_utils/*.yml", "*/_data/*"),
        Area.PROGRAM: ("*.py",),
    },
    Kind.DOCS: {
        Area.TEMPLATES: ("source/documentation/*", "source/*.html*"),
        Area.FRONT_END: ("source/*",),
        Area.DATA: ("openapi/*",),
    },
    Kind.CLIENT: {Area.TESTS: ("integration_test/*",), Area.PROGRAM: ("notifications_python_client/*",)},
}  # fmt: skip

# Files whose change is looked at by whoever cares for security first.
SENSITIVE: Final = (
    "app/authentication/*", "app/encryption.py", "app/hashing.py", "app/webauthn*", "app/main/views*/sign_in.py",
    "app/main/views*/two_factor.py", "app/main/views*/verify.py", "app/main/views*/webauthn_credentials.py",
    "app/main/views*/*password*.py", "app/utils/login.py", "app/utils/user.py", "app/notify_session.py",
    "app/schema_validation/*", "app/notifications/validators.py", "app/main/validators.py",
    "notifications_utils/url_safe_token.py", "notifications_utils/clients/signing/*", "notifications_utils/safe_string.py",
    "notifications_utils/clients/encryption/*", "notifications_utils/sanitise_text.py", "notifications_utils/markdown.py",
)  # fmt: skip


# What elsewhere is documentation or tooling is the thing itself here.
_SMALL: Final = frozenset({Kind.DOCS, Kind.CLIENT})


def area_of(kind: Kind, path: str) -> Area:
    """Files of which nothing is known are tooling, unless they are Python."""
    return _area(kind, path)


@lru_cache(maxsize=20_000)
def _area(kind: Kind, path: str) -> Area:
    if (
        kind is Kind.UTILS
        and path.startswith("notifications_utils/")
        and path.endswith((".json", ".txt", ".yml"))
    ):
        return Area.DATA
    own = _OF_KIND.get(kind, {})
    for table in (own, _COMMON) if kind in _SMALL else (_COMMON, own):
        for area, patterns in table.items():
            if any(fnmatchcase(path, pattern) for pattern in patterns):
                return area
    return Area.TOOLING


def is_sensitive(path: str) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in SENSITIVE)
