"""The text of an SMS: alphabet, white space, size in parts."""
