"""E-mail through Scaleway Transactional Email: docs/patches/email_scaleway.md."""
