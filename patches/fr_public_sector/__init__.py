"""French public bodies: docs/patches/fr_public_sector.md."""
