"""Ports of the loopback interface."""

import random
import socket

import psutil

from scripts.local.errors import CannotStartError

LOOPBACK = "127.0.0.1"
# Below the range from which systems take ports for outgoing connections: nobody else gets one of these by chance.
_FREE_RANGE = range(20_000, 32_000)


def find_free_port() -> int:
    """A port on which nobody listens at this moment."""
    for port in random.SystemRandom().sample(_FREE_RANGE, 200):
        if is_free(port):
            return port
    raise CannotStartError("No free port was found between 20000 and 32000.", "Stop some local servers.")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def is_answering(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def check_free(port: int, purpose: str) -> None:
    if is_free(port):
        return
    raise CannotStartError(
        f"Port {port}, meant for {purpose}, is taken{_name_holder(port)}.",
        "Stop that program, or move all ports, for example with --port-base 7010.",
    )


def _name_holder(port: int) -> str:
    try:
        holders = [
            found.pid
            for found in psutil.net_connections("tcp")
            if found.status == psutil.CONN_LISTEN and found.laddr and found.laddr.port == port and found.pid
        ]
        return f" by process {holders[0]} ({psutil.Process(holders[0]).name()})" if holders else ""
    except psutil.Error:  # other people's processes may not be looked at
        return ""
