"""French typography of e-mails and letters: no-break spaces, guillemets, apostrophes, dashes."""
