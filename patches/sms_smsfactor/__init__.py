"""SMSFactor: text messages, receipts, replies and STOP."""
