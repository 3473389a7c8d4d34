"""French as the language of templates: docs/patches/fr_language.md."""
