"""French text messages: what they are written with, economy or faithful."""
