"""Who may do what. The table is asked in the control process for every request, whatever a screen shows.

Separation of duties: an admin has no process rights, process roles have no user rights (NIST RBAC's idea; the
pattern of 21 CFR 11.10(g) authority checks). Anybody who is authenticated may abort. Stop and hold need no lease,
because whoever sees something going wrong must not first have to find out who is in control.
"""

from typing import Final, Literal, NamedTuple

Role = Literal["viewer", "operator", "process_engineer", "admin"]
ROLES: Final[tuple[Role, ...]] = ("viewer", "operator", "process_engineer", "admin")

ANYBODY: Final = frozenset(ROLES)
PROCESS: Final = frozenset(("operator", "process_engineer"))
ENGINEER: Final = frozenset(("process_engineer",))


class Right(NamedTuple):
    """Which roles may, and whether the control lease is needed besides."""

    roles: frozenset[str]
    lease: bool


RIGHTS: Final[dict[str, Right]] = {
    "abort": Right(ANYBODY, False),
    "stop": Right(PROCESS, False),
    "hold": Right(PROCESS, False),
    "start": Right(PROCESS, True),
    "reset": Right(PROCESS, True),
    "clear": Right(PROCESS, True),
    "unhold": Right(PROCESS, True),
    "complete": Right(PROCESS, True),
    "answer": Right(PROCESS, True),
    "set_output": Right(PROCESS, True),
    "acknowledge": Right(PROCESS, False),
    "note": Right(PROCESS, False),
    "shelve": Right(ENGINEER, False),
    "unshelve": Right(ENGINEER, False),
    "sign": Right(ENGINEER, False),
    "lease.take": Right(PROCESS, False),
    "lease.renew": Right(PROCESS, False),
    "lease.release": Right(PROCESS, False),
    "lease.request": Right(PROCESS, False),
    "lease.keep": Right(PROCESS, False),
    "lease.break": Right(ENGINEER, False),
}
"""By act; an act that is not here is nobody's."""
