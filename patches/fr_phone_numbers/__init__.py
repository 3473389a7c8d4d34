"""French phone numbers: mainland, overseas, and what cannot get text messages."""
