"""What tests write to disk: locks, pending entries, patches and facts, small and made up."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from api.patch_series.declaration import Declaration
from scripts.upstream_sync.facts import Fact, FactSet, value_digest
from scripts.upstream_sync.lock import Lock, Pin, SurfacePin, write_lock
from scripts.upstream_sync.pending import Pending
from scripts.upstream_sync.pinning import fact_files
from scripts.upstream_sync.register import Entrant, Register

TODAY = date(2026, 11, 25)
DIGEST = "sha256:" + "0" * 64


def make_pin(id_: str = "uk-api", **changed: Any) -> Pin:
    values = {
        "id": id_,
        "role": "authority",
        "url": "https://example.org/api",
        "branch": "main",
        "commit": "a" * 40,
        "committed": date(2026, 8, 20),
        "first-parent": 7,
        "reviewed-through": "a" * 40,
        "parsed-files": 3,
        "surface": {"routes": SurfacePin(count=1, digest=DIGEST)},
    }
    return Pin.model_validate(values | changed)


def make_lock(*pins: Pin) -> Lock:
    return Lock.model_validate({"extractor": "facts/1", "grammar": "x-1", "upstream": list(pins)})


def make_pending(*facts: str, **changed: Any) -> Pending:
    values = {
        "title": "Letters",
        "reason": 'The « lettre » comes "later" \\o/',
        "opened": date(2026, 11, 25),
        "deadline": date(2027, 2, 28),
        "by": "A. Martin",
        "facts": list(facts or ("route POST /v2/notifications/letter",)),
    }
    return Pending.model_validate(values | changed)


def make_declaration(
    facts: Sequence[Mapping[str, Any]] = (), anchors: Sequence[Mapping[str, Any]] = (), **changed: Any
) -> dict[str, Any]:
    return {
        "id": 1,
        "title": "Something",
        "kind": "substitution",
        "reason": "market",
        "description": "It is another one here",
        "origin": "own",
        "author": "Contributors",
        "last-update": date(2026, 11, 1),
        "review-by": date(2027, 5, 31),
        "forwarded": "not-needed",
        "client-impact": "none",
        "page": "docs/page.md",
        "fact": [dict(fact) for fact in facts],
        "anchor": [dict(anchor) for anchor in anchors],
        "fills": {"rates": "rules:make"},
    } | changed


def make_entrant(name: str, *facts: Mapping[str, Any], **changed: Any) -> Entrant:
    declaration = Declaration.model_validate(make_declaration(facts, **changed))
    return Entrant(name, f"patches/{name}/patch.toml", declaration)


def make_register(*facts: Mapping[str, Any], **changed: Any) -> Register:
    return Register([make_entrant("one", *facts, **changed)])


def declare(key: str, base: Any = None, ours: Any = None) -> dict[str, Any]:
    """`base` is upstream's value; its digest is what a declaration holds."""
    found: dict[str, Any] = {"key": key}
    if base is not None:
        found["base"] = value_digest(base)
    return found if ours is None else found | {"ours": ours}


def make_facts(surface: str, values: Mapping[str, Any]) -> FactSet:
    return FactSet.of(surface, [Fact(key, value, "app/x.py", "x") for key, value in values.items()])


def write_pins(root: Path, pins: Mapping[str, Mapping[str, Mapping[str, Any]]], **changed: Any) -> None:
    """Lock and fact files: source → surface → values by key. `changed` goes to every pin."""
    made = []
    for source_id, surfaces in pins.items():
        facts = {name: make_facts(name, values) for name, values in surfaces.items()}
        for path, text in fact_files(source_id, facts).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        pinned = {name: SurfacePin(count=len(found), digest=found.digest) for name, found in facts.items()}
        made.append(make_pin(source_id, **({"surface": pinned} | changed)))
    write_lock(root / "upstream.lock", make_lock(*made))
