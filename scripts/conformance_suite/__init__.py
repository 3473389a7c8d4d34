"""Plays the black-box vectors of `upstream/vectors/` against any deployment of the contract, over HTTP only.

Nothing here imports the application: another fork runs the same files against its own server.
"""
