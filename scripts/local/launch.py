"""Become another program, tied to the parent's life and without root's powers where asked.

Run by path (`python -I -S launch.py …`): it needs the standard library only and starts in a few milliseconds.

PostgreSQL refuses to run as root. Its own files may lie below folders that only root may enter, and no permission
outside the data folder may change: so the unprivileged user keeps, as *ambient* capabilities (they survive `exec`),
as few of root's file rights as let it reach its program and its data.
"""

import argparse
import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Sequence

CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
# Least first: nothing; enter folders and read files; also run files that only root may execute.
CAPABILITY_STEPS: tuple[tuple[int, ...], ...] = (
    (),
    (CAP_DAC_READ_SEARCH,),
    (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE),
)

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_SET_SECUREBITS = 28
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_LINUX_CAPABILITY_VERSION_3 = 0x20080522


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilitySets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parent", type=int, required=True, help="process whose end ends this one")
    parser.add_argument("--stop-signal", type=int, default=signal.SIGTERM, help="sent when the parent ends")
    parser.add_argument("--user", help="become this user (root only)")
    parser.add_argument("--reach", action="append", default=[], help="path that the user must be able to use")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    if options.user:
        become(options.user, [options.command[0], *options.reach])
    # After the change of user: the kernel forgets the signal when credentials change.
    tie_to_parent(options.parent, options.stop_signal)
    try:
        os.execvp(options.command[0], options.command)  # noqa: S606 - starting a program is what this is for
    except OSError as error:
        raise SystemExit(f"{options.command[0]} cannot be run: {error.strerror}.") from None


def tie_to_parent(parent: int, stop_signal: int) -> None:
    """On Linux the kernel sends `stop_signal` when `parent` ends; elsewhere the next start cleans up."""
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, stop_signal)
    if os.getppid() != parent:
        raise SystemExit(f"The process {parent}, for which this one was to work, has ended.")


def become(user: str, paths: Sequence[str]) -> None:
    """Give root up for `user`, who can still use every one of `paths` where capabilities exist."""
    account = pwd.getpwnam(user)
    on_linux = sys.platform == "linux"
    if on_linux:
        _keep_capabilities_without_root()
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    os.environ["HOME"] = "/"
    if on_linux:
        _keep_what_is_needed(paths)


def _keep_capabilities_without_root() -> None:
    try:
        # Otherwise access(2), by which PostgreSQL looks at its own programs, disregards the capabilities of all but root.
        _prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP)
    except OSError:  # a container that does not let root do that
        _prctl(_PR_SET_KEEPCAPS, 1)


def _keep_what_is_needed(paths: Sequence[str]) -> None:
    permitted = _get_permitted()
    for step in CAPABILITY_STEPS:
        kept = [capability for capability in step if permitted & (1 << capability)]
        _set_capabilities(effective=_mask(kept), permitted=permitted)
        if all(os.access(path, os.R_OK | os.X_OK) for path in paths):
            break
    _set_capabilities(effective=_mask(kept), permitted=_mask(kept))
    for capability in kept:
        _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability)


def _mask(capabilities: Sequence[int]) -> int:
    return sum(1 << capability for capability in capabilities)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(outcome: int, call: str) -> None:
    if outcome != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def _prctl(option: int, argument: int, second: int = 0) -> None:
    _check(
        _libc().prctl(
            option, ctypes.c_ulong(argument), ctypes.c_ulong(second), ctypes.c_ulong(0), ctypes.c_ulong(0)
        ),
        f"prctl({option})",
    )


def _get_permitted() -> int:
    header = _CapabilityHeader(_LINUX_CAPABILITY_VERSION_3, 0)
    sets = (_CapabilitySets * 2)()
    _check(_libc().capget(ctypes.byref(header), sets), "capget")
    return int(sets[0].permitted)


def _set_capabilities(*, effective: int, permitted: int) -> None:
    header = _CapabilityHeader(_LINUX_CAPABILITY_VERSION_3, 0)
    sets = (_CapabilitySets * 2)()
    sets[0] = _CapabilitySets(effective, permitted, effective)
    _check(_libc().capset(ctypes.byref(header), sets), "capset")


if __name__ == "__main__":
    main(sys.argv[1:])
