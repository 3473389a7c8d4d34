"""Module sets from texts, for tests of what reads Python."""

from collections.abc import Mapping
from textwrap import dedent

from scripts.upstream_sync.facts import FactSet
from scripts.upstream_sync.surfaces.surface import FileSurface, ModuleSurface
from scripts.upstream_sync.syntax.modules import ModuleSet


def make_modules(files: Mapping[str, str]) -> ModuleSet:
    """All files are candidates."""
    contents = {path: dedent(text).lstrip("\n") for path, text in files.items()}
    blobs = {path: f"{path}\0{text}" for path, text in contents.items()}
    return ModuleSet(blobs, blobs, lambda blob: blob.partition("\0")[2].encode())


def read(surface: ModuleSurface | FileSurface, files: Mapping[str, str]) -> FactSet:
    """What a surface finds in files; those that do not concern it are left out, as `extract` does."""
    if isinstance(surface, FileSurface):
        found = [
            surface.extract(path, dedent(text).encode())
            for path, text in files.items()
            if surface.concerns(path)
        ]
        facts = [fact for some, _ in found for fact in some]
        return FactSet.of(surface.name, facts, [problem for _, some in found for problem in some])
    all_modules = make_modules(files)
    candidates = [
        path
        for path, text in files.items()
        if surface.concerns(path) and any(mark in text.encode() for mark in surface.marks)
    ]
    modules = ModuleSet(all_modules._files, candidates, all_modules._read)
    return FactSet.of(surface.name, *surface.extract(modules))
