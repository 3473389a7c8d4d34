"""E-mail through any SMTP relay, and the bounces that come back."""
