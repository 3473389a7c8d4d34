"""People who told their mailbox provider that an e-mail of ours is spam."""
