"""Brevo: text messages and e-mails through one account."""
