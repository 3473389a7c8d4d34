"""French names of text message senders: what operators let through."""
