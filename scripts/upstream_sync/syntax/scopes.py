"""Where names are looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scripts.upstream_sync.syntax.modules import Binding, Module


@dataclass(frozen=True)
class Scope:
    """Where names are looked up: values of parameters and loops, then what a body binds, then outwards."""

    module: Module
    bindings: Mapping[str, list[Binding]] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    outer: "Scope | None" = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a name is bound first: two modules that import the same thing mean the same place."""

    module: str
    name: str
