"""The series of patches: read and checked, and its parts put into the slots (design D1, D2).

Only this package knows that patches exist. How to write one: docs/how-to/write-a-patch.md.
"""
