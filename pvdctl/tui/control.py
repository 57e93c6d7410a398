"""Who is in control, as far as these screens have a part in it: taking, giving, asking, being asked, losing."""

import threading
from typing import TYPE_CHECKING, Final

from textual.screen import ModalScreen

from pvdctl.errors import PvdctlError
from pvdctl.service.answers import Accepted
from pvdctl.service.messages import Holder, Snapshot
from pvdctl.tui.control_dialogs import AskedForControl, OthersControl, Wish
from pvdctl.tui.dialogs import AskText

if TYPE_CHECKING:  # the app has one of these
    from pvdctl.tui.app import Screens

LEAVE_WITHIN_S: Final = 1.0
"""Nobody who leaves waits longer for a service that does not answer."""


class Control:
    """The lease of one app. Everything here is on the app's thread, but for `_release`."""

    def __init__(self, app: "Screens") -> None:
        self._app = app
        self._waiting = False
        """These screens have asked for the lease that another holds."""
        self._seen_waiting = False
        """And the service has said so in a snapshot."""
        self._told = ""
        """Who asked when the dialog came up last, so that it comes by itself once."""

    def heard(self, snapshot: Snapshot) -> None:
        """What the newest snapshot changes."""
        lease = snapshot.lease
        self._look_whether_lost(lease)
        if self._waiting:
            self._look_whether_granted(lease)
        self._look_whether_asked(lease)

    def _look_whether_lost(self, lease: Holder | None) -> None:
        """A snapshot may be older than a grant, so only a later grant to another tells."""
        app, fence = self._app, self._app.chamber.fence
        if fence is not None and lease is not None and lease.fence > fence and not app.view.in_control:
            app.chamber.fence = None
            app.say("news", f"{lease.user} ({lease.client}) is in control now, no longer you. What runs goes on.")

    def _look_whether_granted(self, lease: Holder | None) -> None:
        app, me = self._app, self._app.view.me
        if lease is None or app.view.in_control:
            self._waiting = False
            app.ask("take control", lambda chamber: chamber.take_control("asked for"))
        elif me is not None and lease.wanted_by == f"{me.user} ({app.view.client})":
            self._seen_waiting = True
        elif self._seen_waiting:
            self._waiting = False
            app.say(
                "refused", f"{lease.user} keeps control. A process engineer may break it, with a reason: c, then b."
            )

    def _look_whether_asked(self, lease: Holder | None) -> None:
        app = self._app
        wanted = lease.wanted_by if lease is not None and app.view.in_control else ""
        top = app.screen
        if isinstance(top, AskedForControl):
            if lease is None or not wanted:
                top.dismiss(None)
            else:
                top.tick(lease)
        elif lease is not None and wanted and wanted != self._told and not isinstance(top, ModalScreen):
            self._asked_by(lease)
        if not wanted:
            self._told = ""

    def _asked_by(self, lease: Holder) -> None:
        """Give it or keep it."""
        self._told = lease.wanted_by
        app = self._app

        def answer(give: bool | None) -> None:
            if give:
                app.ask("give control", lambda chamber: chamber.release_control())
            elif give is not None:
                app.ask("keep control", lambda chamber: chamber.keep_control())

        app.push_screen(AskedForControl(lease), answer)

    # --- the key --------------------------------------------------------------------------------------------------
    def pressed(self) -> None:
        """Take it, give it back, answer who asks for it, or ask its holder."""
        app, lease = self._app, self._app.view.lease
        if lease is not None and lease.wanted_by and app.view.in_control:
            self._asked_by(lease)
        elif app.chamber.fence is not None:
            app.ask("give control back", lambda chamber: chamber.release_control())
        elif lease is None or app.view.in_control:
            app.ask("take control", lambda chamber: chamber.take_control("at the screen"))
        else:
            app.push_screen(OthersControl(lease, app.view.me, asked=self._waiting), self._wish)

    def _wish(self, wish: Wish | None) -> None:
        if wish == "ask":
            self._app.ask("ask for control", lambda chamber: chamber.ask_for_control("at the screen"), self._have_asked)
        elif wish == "break":
            lease = self._app.view.lease
            whom = lease.user if lease is not None else "its holder"
            text = f"It passes to you at once, and {whom} is told. What runs goes on. Write why and press Enter."
            self._app.push_screen(AskText(f"Break {whom}'s control?", text), self._break)

    def _have_asked(self, answer: Accepted) -> None:
        self._waiting, self._seen_waiting = True, False

    def _break(self, why: str | None) -> None:
        if why:
            self._waiting = False
            self._app.ask("break control", lambda chamber: chamber.break_control(why))

    # --- keeping and leaving --------------------------------------------------------------------------------------
    def renew(self) -> None:
        """Three times in the life of a lease."""
        if self._app.chamber.fence is not None:
            self._app.ask("keep control", lambda chamber: chamber.renew_control(), quiet=True)

    def leave(self) -> None:
        """Let others lead, as the screens close."""
        if self._app.chamber.fence is not None:
            giving = threading.Thread(target=self._release, name="lease", daemon=True)
            giving.start()
            giving.join(LEAVE_WITHIN_S)

    def _release(self) -> None:
        try:
            self._app.chamber.release_control()
        except PvdctlError:
            return  # it ends by itself within 30 s
