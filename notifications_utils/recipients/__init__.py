"""Whom messages go to: e-mail addresses, phone numbers, and the files that list them."""
