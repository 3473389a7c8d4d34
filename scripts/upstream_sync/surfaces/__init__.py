"""Which surfaces are read from which kind of source. Each module of this package holds one or a few of them."""

from collections.abc import Mapping, Sequence

from scripts.upstream_sync.surfaces import (
    admin_routes,
    answers,
    configuration,
    constants,
    dependencies,
    documented,
    errors,
    formats,
    library,
    migrations,
    routes,
    schemas,
    strings,
    tables,
    tasks,
)
from scripts.upstream_sync.surfaces.surface import Surface
from scripts.upstream_sync.watch import Kind, Source

SURFACES: Mapping[Kind, Sequence[Surface]] = {
    Kind.API: (
        *routes.SURFACES,
        *schemas.SURFACES,
        *formats.SURFACES,
        *answers.SURFACES,
        errors.PUBLIC,
        constants.SETS,
        constants.LIMITS,
        constants.ENUMS,
        constants.CONSTANTS,
        *tables.SURFACES,
        *migrations.SURFACES,
        *tasks.SURFACES,
        errors.CLASSES,
        *configuration.SURFACES,
        *dependencies.SURFACES,
        library.CLIENTS,
    ),
    Kind.ADMIN: (
        *admin_routes.SURFACES,
        *strings.SURFACES,
        constants.ENUMS,
        *configuration.SURFACES,
        *dependencies.SURFACES,
    ),
    Kind.UTILS: (
        library.LIBRARY,
        constants.LIMITS,
        constants.ENUMS,
        constants.CONSTANTS,
        *strings.SURFACES,
        *dependencies.SURFACES,
    ),
    Kind.DOCS: documented.SURFACES,
    Kind.CLIENT: (library.LIBRARY, *dependencies.SURFACES),
}


def surfaces_of(source: Source) -> list[Surface]:
    """All of its kind, or those that `watch.toml` names."""
    return [
        surface for surface in SURFACES[source.kind] if not source.surfaces or surface.name in source.surfaces
    ]
