"""Two dialogs about who is in control: somebody asks for it, and somebody else has it."""

from typing import ClassVar, Literal

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from pvdctl.service.answers import Me
from pvdctl.service.messages import Holder
from pvdctl.tui import words
from pvdctl.tui.dialogs import BOX
from pvdctl.tui.over import Over


class AskedForControl(Over[bool | None]):
    """Somebody asks for the lease that these screens hold: True gives it, False keeps it, None decides later.

    No answer is in focus: whoever types on meanwhile gives nothing away by Enter.
    """

    DEFAULT_CSS = f"AskedForControl {{ {BOX} }}"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Give it now"),
        Binding("k", "answer(False)", "Keep it"),
        Binding("escape", "answer(None)", "Later"),
    ]

    def __init__(self, lease: Holder) -> None:
        super().__init__()
        self._lease = lease

    def compose(self) -> ComposeResult:
        """Who asks, how long there is, two answers."""
        with Vertical():
            yield Static(Text("Somebody asks for control", "bold"))
            yield Static(_asked(self._lease), classes="why", id="asked")
            yield Static(Text("What runs goes on, whoever is in control."), classes="why")
            with Horizontal():
                yield Button("Give it now (y)", id="give", variant="warning")
                yield Button("Keep it (k)", id="keep")
            yield Static(Text("Esc: decide later; c brings this back, and without an answer it passes", "dim"))

    def tick(self, lease: Holder) -> None:
        """Time goes on; news may come before the dialog has its parts, which begin with the newest anyway."""
        self._lease = lease
        if self.is_mounted:
            self.query_one("#asked", Static).update(_asked(lease))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A button is an answer."""
        self.dismiss(event.button.id == "give")

    def action_answer(self, give: bool | None) -> None:
        """A key is one too."""
        self.dismiss(give)


def _asked(lease: Holder) -> Text:
    left = words.duration(lease.wanted_in_s)
    return Text.assemble((lease.wanted_by, "bold"), " asks for control. It passes to them in ", (left, "bold"), ".")


Wish = Literal["ask", "break"]


class OthersControl(Over[Wish | None]):
    """Somebody else holds the lease: ask them for it, or break it, which is a process engineer's right.

    asked: whether these screens have asked already.
    """

    DEFAULT_CSS = f"OthersControl {{ {BOX} }}"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "wish('ask')", "Ask"),
        Binding("b", "wish('break')", "Break"),
        Binding("escape", "leave", "Leave it"),
    ]

    def __init__(self, lease: Holder, me: Me | None, *, asked: bool) -> None:
        super().__init__()
        self._lease, self._me, self._asked = lease, me, asked

    @property
    def may_break(self) -> bool:
        """Whether it is offered; the service decides all the same."""
        return self._me is None or self._me.role == "process_engineer"

    def compose(self) -> ComposeResult:
        """Who has it, what can be done."""
        lease = self._lease
        with Vertical():
            yield Static(Text(f"{lease.user} is in control", "bold"))
            keeps = f"{lease.client} renews it while it runs; else it ends in {words.duration(lease.remaining_s)}."
            yield Static(Text(keeps), classes="why")
            yield Static(self._can(), classes="why")
            with Horizontal():
                if not self._asked:
                    yield Button("Ask for it (a)", id="ask")
                if self.may_break:
                    yield Button("Break it (b)", id="break", variant="warning")
            yield Static(Text("Esc: leave it. Hold, Stop and Abort need no control.", "dim"))

    def _can(self) -> Text:
        lease, me = self._lease, self._me
        if self._asked:
            told = f"You have asked: it passes to you in {words.duration(lease.wanted_in_s)}, unless they keep it."
        elif lease.wanted_by:
            told = f"{lease.wanted_by} has asked before you."
        else:
            told = "Ask: it passes to you after 15 s, or sooner when they give it, unless they keep it."
        if self.may_break:
            told += " Break: it is yours at once; asks for a reason, which goes into the record."
        elif me is not None:
            told += f" Only a process engineer may break it; {me.user} is {me.role.replace('_', ' ')} here."
        return Text(told)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A button is an answer."""
        self.action_wish("ask" if event.button.id == "ask" else "break")

    def action_wish(self, wish: Wish) -> None:
        """A key is one too, where it is offered."""
        if self.may_break if wish == "break" else not self._asked:
            self.dismiss(wish)

    def action_leave(self) -> None:
        """Escape."""
        self.dismiss(None)
