"""What people do with the lease: take, keep, give back, ask for and break it. A part of the desk."""

from collections.abc import Callable
from typing import Any

from pvdctl.process.controller import Controller
from pvdctl.service.answers import Accepted
from pvdctl.service.call import Call, Turned
from pvdctl.service.lease import Lease
from pvdctl.service.manual import Manual


class LeaseActs:
    """acts: by name, each raises Turned or NotGranted. wall_s: the lease's clock. done: makes the answer."""

    def __init__(
        self,
        controller: Controller,
        lease: Lease,
        manual: Manual,
        wall_s: Callable[[], float],
        done: Callable[..., Accepted],
    ) -> None:
        self._controller = controller
        self._lease = lease
        self._manual = manual
        self._wall_s = wall_s
        self._done = done
        self.acts: dict[str, Callable[[Call], Accepted]] = {
            "lease.take": self._take,
            "lease.renew": self._renew,
            "lease.release": self._release,
            "lease.request": self._request,
            "lease.keep": self._keep,
            "lease.break": self._break,
        }

    def tick(self) -> None:
        """Before each scan: what time has made of the lease."""
        lease = self._lease
        if lease.holder is not None:
            lease.tick(self._wall_s())
        if lease.told:
            self._tell()

    def _take(self, call: Call) -> Accepted:
        before = self._lease.fence
        fence = self._lease.take(call.client, self._wall_s())
        if fence != before:
            self._say(call, "takes control", fence)
        return self._answer(fence)

    def _renew(self, call: Call) -> Accepted:
        """No event: a lease is renewed each 10 s."""
        return self._answer(self._lease.renew(call.client, call.fence, self._wall_s()))

    def _release(self, call: Call) -> Accepted:
        self._lease.release(call.client, call.fence, self._wall_s())
        self._say(call, "gives control back")
        if self._lease.holder is None:
            self._manual.nobody_in_control()
        return self._done("control is given back.")

    def _request(self, call: Call) -> Accepted:
        wait_s = self._lease.request(call.client, self._wall_s())
        self._say(call, "asks for control")
        if wait_s == 0.0:
            return self._done("nobody else is in control: take it.", remaining_s=0.0)
        return self._done(f"{self._lease.holder} is asked; control passes in {wait_s:.0f} s.", remaining_s=wait_s)

    def _keep(self, call: Call) -> Accepted:
        wanted = self._lease.keep(call.client, call.fence, self._wall_s())
        self._say(call, f"keeps control, which {wanted} asked for")
        return self._done(f"you keep control; {wanted} is told.")

    def _break(self, call: Call) -> Accepted:
        if not call.reason.strip():
            raise Turned("bad_request", "taking control from somebody needs a reason.")
        before = self._lease.holder
        fence = self._lease.seize(call.client, self._wall_s())
        self._say(call, f"takes control from {before}" if before is not None else "takes control", fence)
        return self._answer(fence)

    def _answer(self, fence: int) -> Accepted:
        left_s = round(self._lease.remaining_s(self._wall_s()), 1)
        return self._done(f"in control for {left_s:g} s.", fence=fence, remaining_s=left_s)

    def _say(self, call: Call, text: str, fence: int | None = None) -> None:
        who = str(call.client)
        self._controller.context.emit("command", "lease", f"{who} {text}", actor=who, new=fence, why=call.reason)

    def _tell(self) -> None:
        """Changes that nobody asked for in that moment."""
        for client, text in self._lease.told:
            data: dict[str, Any] = {"client": str(client)}
            self._controller.context.emit("note", "lease", text, actor="system:service", data=data)
        self._lease.told.clear()
        if self._lease.holder is None:
            self._manual.nobody_in_control()
