"""Templates: placeholders, personalisation and the messages that come out of them."""
