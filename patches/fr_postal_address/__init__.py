"""French postal addresses: docs/patches/fr_postal_address.md."""
