"""The sandbox's pages for people: read what was "sent", say what became of it, answer a text. No script is needed."""

import hmac
import re
import secrets
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from api.contract import Status
from api.providers.http_client import is_success
from api.providers.http_server import Request, Response
from api.providers.sandbox.api import SandboxApi
from api.providers.sandbox.behaviour import ReceiptMode
from api.providers.sandbox.receipts import ReceiptOutbox, receipts_of, reply_to
from api.providers.sandbox.store import MessageStore, StoredMessage
from api.providers.sandbox.texts import BUTTONS, CHANNELS, NOTICES, STATUSES
from notifications_utils.localisation import (
    choose_language,
    find_languages,
    get_language_name,
    get_locale,
    gettext,
    install_translations,
    use_language,
)

PAGE_SIZE = 25
_HERE = Path(__file__).parent
_CSRF_COOKIE = "sandbox_csrf"
_LANGUAGE_COOKIE = "sandbox_language"
_HTML = "text/html; charset=utf-8"
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_EMAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data: https: http:; frame-ancestors 'self'"
)
_COMMON_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)
_PAGE_HEADERS = (("Content-Security-Policy", _PAGE_POLICY), *_COMMON_HEADERS)
_EMAIL_HEADERS = (("Content-Security-Policy", _EMAIL_POLICY), *_COMMON_HEADERS)
_MAX_DELAY_SECONDS = 3600
_ADDRESS = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]")


class Pages:
    def __init__(
        self, secret: bytes, timezone: str, store: MessageStore, outbox: ReceiptOutbox, api: SandboxApi
    ) -> None:
        self._secret = secret
        self._timezone = ZoneInfo(timezone)
        self._store = store
        self._outbox = outbox
        self._api = api
        self._stylesheet = (_HERE / "templates" / "style.css").read_bytes()
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["with_links"] = with_links
        self._templates.globals.update(channels=CHANNELS, statuses=STATUSES, buttons=BUTTONS)
        install_translations(self._templates)

    async def handle(self, request: Request) -> Response:
        visit = _Visit(request, self._secret)
        with use_language(visit.language):
            return await self._answer(visit)

    async def _answer(self, visit: "_Visit") -> Response:
        request = visit.request
        parts = request.path.strip("/").split("/")
        match (request.method, parts):
            case ("GET" | "HEAD", [""]):
                return self._list(visit)
            case ("GET" | "HEAD", ["style.css"]):
                return Response(200, self._stylesheet, "text/css", _COMMON_HEADERS)
            case ("GET" | "HEAD", ["messages", reference]):
                message = self._store.find(reference)
                return self._not_found(visit) if message is None else self._show(visit, message)
            case ("GET" | "HEAD", ["messages", reference, "html"]):
                message = self._store.find(reference)
                if message is None or message.html is None:
                    return self._not_found(visit)
                return Response(200, message.html.encode(), _HTML, _EMAIL_HEADERS)
            case ("POST", _):
                return await self._post(visit, parts)
        return self._not_found(visit)

    async def _post(self, visit: "_Visit", parts: list[str]) -> Response:
        if not visit.has_valid_token:
            return self._render(visit, "problem.html", 403, is_refused=True)
        match parts:
            case ["settings"]:
                return self._change_settings(visit)
            case ["messages", reference, ("receipt" | "reply") as action]:
                message = self._store.find(reference)
                if message is None:
                    return self._not_found(visit)
                if action == "receipt":
                    return await self._send_receipt(visit, message)
                return await self._reply(visit, message)
        return self._not_found(visit)

    def _list(self, visit: "_Visit") -> Response:
        query = visit.request.query
        words = query.get("q", "").strip()[:200]
        page = int(query["page"]) if re.fullmatch(r"[1-9]\d{0,5}", query.get("page", "")) else 1
        found = self._store.search(words, page=page, page_size=PAGE_SIZE)
        behaviour = self._api.behaviour
        return self._render(
            visit,
            "list.html",
            words=words,
            page=page,
            messages=found[:PAGE_SIZE],
            newer=_list_address(words, page - 1) if page > 1 else None,
            older=_list_address(words, page + 1) if len(found) > PAGE_SIZE else None,
            is_automatic=behaviour.receipts is not ReceiptMode.OFF,
            delay_seconds=_format_number(behaviour.receipt_delay_ms / 1000),
        )

    def _show(self, visit: "_Visit", message: StoredMessage) -> Response:
        return self._render(
            visit,
            "message.html",
            message=message,
            replies=self._store.replies_to(message),
            reply_number=message.sender if message.sender.lstrip("+").isdecimal() else "",
        )

    async def _send_receipt(self, visit: "_Visit", message: StoredMessage) -> Response:
        chosen = visit.form.get("status", "")
        if chosen not in BUTTONS:
            return self._not_found(visit)
        status = Status(chosen)
        self._store.set_status(message.reference, status)
        answers = [
            await self._outbox.post_now(delivery)
            for delivery in receipts_of(message, self._api.behaviour, status)
        ]
        worst = max(answers, key=lambda answer: not is_success(answer))
        notice = "told" if is_success(worst) else "told_later"
        return _see(message, notice=notice, answer=str(worst), label=chosen)

    async def _reply(self, visit: "_Visit", message: StoredMessage) -> Response:
        content, number = visit.form.get("content", "").strip(), visit.form.get("to", "").strip()
        if message.channel != "sms" or not content or not number:
            return _see(message, notice="reply_empty")
        self._store.add_reply(message, content)
        answer = await self._outbox.post_now(reply_to(message, number, content))
        return _see(message, notice="replied" if is_success(answer) else "replied_later", answer=str(answer))

    def _change_settings(self, visit: "_Visit") -> Response:
        mode = ReceiptMode.AUTO if visit.form.get("automatic") == "on" else ReceiptMode.OFF
        changes: dict[str, Any] = {"receipts": mode}
        if mode is ReceiptMode.AUTO:
            seconds = visit.form.get("delay", "").replace(",", ".")
            if not re.fullmatch(r"\d{1,4}(\.\d{1,3})?", seconds) or float(seconds) > _MAX_DELAY_SECONDS:
                return _redirect("/?notice=bad_delay")
            changes["receipt_delay_ms"] = float(seconds) * 1000
        self._api.behaviour = self._api.behaviour.model_copy(update=changes)
        return _redirect("/?notice=changed")

    def _not_found(self, visit: "_Visit") -> Response:
        return self._render(visit, "problem.html", 404, is_refused=False)

    def _render(self, visit: "_Visit", template: str, status: int = 200, **values: Any) -> Response:
        page = self._templates.get_template(template).render(
            language=visit.language,
            other_languages=[
                (language, get_language_name(language))
                for language in find_languages()
                if language != visit.language
            ],
            token=visit.token,
            notice=visit.notice,
            moment=self._format_moment,
            **values,
        )
        return Response(status, page.encode(), _HTML, (*_PAGE_HEADERS, *visit.cookies))

    def _format_moment(self, iso: str) -> str:
        return format_datetime(datetime.fromisoformat(iso), tzinfo=self._timezone, locale=get_locale())


class _Visit:
    """What the browser brought: language, proof that a form is ours, and a notice about what was just done."""

    def __init__(self, request: Request, secret: bytes) -> None:
        self.request = request
        self.form = request.form if request.method == "POST" else {}
        cookies = _parse_cookies(request.headers.get("cookie", ""))
        self.language = choose_language(request.query.get("lang"), cookies.get(_LANGUAGE_COOKIE))
        known_visitor = cookies.get(_CSRF_COOKIE, "")
        visitor = known_visitor or secrets.token_urlsafe(18)
        self.token = hmac.digest(secret, b"csrf:" + visitor.encode(), "sha256").hex()
        given = self.form.get("csrf_token", "")
        self.has_valid_token = bool(known_visitor) and hmac.compare_digest(
            given.encode(), self.token.encode()
        )
        self.cookies = tuple(
            ("Set-Cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Strict")
            for name, value in ((_CSRF_COOKIE, visitor), (_LANGUAGE_COOKIE, self.language))
            if cookies.get(name) != value
        )

    @property
    def notice(self) -> str | None:
        query = self.request.query
        notice = NOTICES.get(query.get("notice", ""))
        label = BUTTONS.get(query.get("label", ""))
        answer = query.get("answer", "")
        if notice is None or not (answer.isdecimal() or not answer):
            return None
        return gettext(notice, status=answer, label=gettext(label) if label else "")


def with_links(text: str) -> Markup:
    """Escaped, with its web addresses as links."""
    pieces, end = [], 0
    for found in _ADDRESS.finditer(text):
        address = escape(found[0])
        pieces += [escape(text[end : found.start()]), Markup('<a href="{0}">{0}</a>').format(address)]
        end = found.end()
    return Markup("").join([*pieces, escape(text[end:])])


def _parse_cookies(header: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}


def _format_number(number: float) -> str:
    return format_decimal(number, group_separator=False, locale=get_locale())


def _list_address(words: str, page: int) -> str:
    return "/?" + urlencode({"q": words, "page": page} if words else {"page": page})


def _see(message: StoredMessage, **query: str) -> Response:
    return _redirect(f"/messages/{message.reference}?{urlencode(query)}")


def _redirect(address: str) -> Response:
    return Response(303, headers=(("Location", address),))
