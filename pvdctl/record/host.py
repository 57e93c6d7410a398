"""What the machine says about itself: who is at work, on what file system, and whether its clock is set by another."""

import ctypes
import os
import pwd
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

NETWORK_FILE_SYSTEMS = frozenset(
    {"9p", "afs", "ceph", "cifs", "coda", "davfs", "fuse.cephfs", "fuse.davfs", "fuse.gcsfuse", "fuse.glusterfs",
     "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "glusterfs", "gfs2", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2",
     "orangefs", "smb2", "smb3", "smbfs", "vboxsf"}
)  # fmt: skip
"""Names in Linux's mountinfo of file systems whose locks and syncs SQLite cannot rely on ("How To Corrupt An SQLite
Database File", section 2.1). WAL mode needs shared memory as well, which they do not have."""

ClockState = Literal["free-running", "synchronised", "unknown", "virtual"]
"""free-running: no time server disciplines the clock; what it says may be off by any amount."""

_TIMEX_BYTES = 208
"""Size of struct timex on 64-bit Linux (sys/timex.h)."""

_STATUS = 5
"""Index of `status` in struct timex, counted in 8-byte words: modes, offset, freq, maxerror, esterror, status."""

_UNSYNCHRONISED = 0x0040
"""STA_UNSYNC in sys/timex.h."""


def clock_state() -> ClockState:
    """Whether the kernel's clock is disciplined, by adjtimex(2), which changes nothing when asked with zero modes."""
    try:
        ask = ctypes.CDLL(None, use_errno=True).adjtimex
    except (AttributeError, OSError):
        return "unknown"
    if ctypes.sizeof(ctypes.c_long) != 8:
        return "unknown"
    words = (ctypes.c_long * (_TIMEX_BYTES // 8))()
    if ask(words) < 0:
        return "unknown"
    return "free-running" if words[_STATUS] & _UNSYNCHRONISED else "synchronised"


def os_user(environment: Mapping[str, str] = os.environ) -> str:
    """The name of the operating system's user, by the process's own uid; behind sudo, who called it is named too."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = f"uid {uid}"
    caller = environment.get("SUDO_USER", "")
    return f"{name} (sudo by {caller})" if caller and uid == 0 and caller != name else name


def file_system(directory: Path, mountinfo: Path = Path("/proc/self/mountinfo")) -> str:
    """Name of the file system on which `directory` lies, as in proc(5); empty where the system does not tell."""
    try:
        lines = mountinfo.read_text().splitlines()
    except OSError:
        return ""
    where = directory.resolve()
    best, found = -1, ""
    for line in lines:
        mount, _, rest = line.partition(" - ")
        point = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), mount.split()[4]))
        depth = len(point.parts)
        if depth >= best and where.is_relative_to(point):  # of two at one place the later covers the earlier
            best, found = depth, rest.split()[0]
    return found
