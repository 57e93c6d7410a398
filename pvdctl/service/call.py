"""A request as it reaches the control process, and the answer that goes back.

The web server says who asks (it has looked at the socket's peer, or at a token) and what; everything else, from the
role to the lease, is judged by the control process.
"""

from dataclasses import dataclass, field
from typing import Any

from pvdctl.service.answers import Accepted, AlarmList, Exchanges, Problem
from pvdctl.service.lease import Client
from pvdctl.service.roles import Role

STATUS_OF = {
    "bad_request": 422, "not_authenticated": 401, "not_permitted": 403, "no_lease": 409, "stale_fence": 409,
    "not_now": 409, "not_found": 404, "too_many": 429, "not_running": 503, "bad_recipe": 422, "timed_out": 504,
}  # fmt: skip
"""HTTP status of each kind of problem."""


@dataclass(slots=True)
class Call:
    """One request.

    number: the web server's own, to give the answer back by. prepared: what was read of `body` before the control
    thread looks at it, such as a recipe's plan.
    """

    number: int
    act: str
    client: Client
    role: Role
    body: dict[str, Any]
    prepared: Any = None
    problem: Problem | None = None
    """Found while preparing it: nothing is to be done but to record and to answer."""

    @property
    def reason(self) -> str:
        """Why, in the asker's words."""
        return str(self.body.get("reason", ""))

    @property
    def fence(self) -> int | None:
        """The lease's number that came with it."""
        fence = self.body.get("fence")
        return fence if isinstance(fence, int) and not isinstance(fence, bool) else None


class Turned(Exception):
    """A call is refused; `problem` says why."""

    def __init__(self, code: Any, text: str, legal: tuple[str, ...] = (), findings: Any = None) -> None:
        self.problem = Problem(code, text, legal=list(legal), findings=list(findings or []))
        super().__init__(text)


@dataclass(slots=True)
class Reply:
    """What goes back to the web server."""

    number: int
    status: int
    message: Accepted | Problem | AlarmList | Exchanges | dict[str, Any] = field(default_factory=dict)


def read_call(data: dict[str, Any]) -> Call:
    """A call from the pipe. Raises KeyError or TypeError if it is none: the web server is then at fault."""
    client = Client(str(data["user"]), str(data["client"]))
    return Call(int(data["number"]), str(data["act"]), client, data["role"], dict(data["body"]))
