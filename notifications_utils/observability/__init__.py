"""Logs that machines read and that hold nothing personal."""
