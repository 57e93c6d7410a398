"""Over the runs: signing one, and what came of checking the record."""

from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.events import Click
from textual.widgets import Input, Static

from pvdctl.service.answers import Verdict
from pvdctl.service.messages import Evidence
from pvdctl.tui import words
from pvdctl.tui.dialogs import BOX
from pvdctl.tui.over import Over

MEANINGS: Final = (
    ("reviewed", "I have looked at it; somebody else decides"),
    ("approved", "it is good for what it was made for"),
    ("rejected", "it is not, and must not be used as if it were"),
)
"""As record.run_events knows them."""


class Meanings(Static, can_focus=True):
    """The meanings, one of them chosen or none; the chosen one has a full circle, not only another colour."""

    DEFAULT_CSS = """
    Meanings { height: auto; margin-top: 1; padding: 0 1; }
    Meanings:focus { background: $boost; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down,space", "move(1)", show=False),
        *(Binding(str(number), f"choose({number - 1})", show=False) for number in range(1, len(MEANINGS) + 1)),
        Binding("enter", "app.focus_next", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._at: int | None = None

    @property
    def chosen(self) -> str | None:
        """The meaning, as the record knows it."""
        return MEANINGS[self._at][0] if self._at is not None else None

    def on_mount(self) -> None:
        """None is chosen yet."""
        self._draw()

    def action_move(self, by: int) -> None:
        """To the next one, round at the end; the first key chooses the first or the last."""
        self.action_choose(((-1 if by > 0 else 0) if self._at is None else self._at) + by)

    def action_choose(self, index: int) -> None:
        """Take the one of this index, counted round."""
        self._at = index % len(MEANINGS)
        self._draw()

    def on_click(self, event: Click) -> None:
        """The line under the pointer."""
        if (offset := event.get_content_offset(self)) is not None:
            self.action_choose(offset.y)

    def _draw(self) -> None:
        lines = [
            Text.assemble(
                f"{'◉' if index == self._at else '○'} {index + 1} ", (meaning, "bold"), f": {told}",
                style="reverse" if index == self._at else "",
            )
            for index, (meaning, told) in enumerate(MEANINGS)
        ]  # fmt: skip
        self.update(Text("\n").join(lines))


class Sign(Over[tuple[str, str] | None]):
    """Meaning and reason of a signature; None: left without one. Enter in the meanings leads to the reason."""

    DEFAULT_CSS = f"""
    Sign {{ {BOX} }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave it")]

    def __init__(self, run: str, user: str) -> None:
        super().__init__()
        self._run, self._user = run, user

    def compose(self) -> ComposeResult:
        """What a signature is, its meaning, its reason."""
        with Vertical():
            yield Static(Text(f"Sign {self._run}", "bold"))
            yield Static(
                Text(
                    f"{self._user} signs its record as it stands now. A signature is never taken away; who changes "
                    "his mind signs again."
                ),
                classes="why",
            )
            yield Meanings()
            yield Static(Text("Why:"), classes="why")
            yield Input(id="line")
            yield Static(Text("↑↓ or 1-3: choose   Tab: to the reason   Enter: sign   Esc: leave it", "dim"), id="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the reason."""
        chosen = self.query_one(Meanings).chosen
        reason = event.value.strip()
        if chosen is None or not reason:
            lacking = "Choose what the signature means" if chosen is None else "Write why"
            self.query_one("#hint", Static).update(Text(f"{lacking}, or leave with Esc.", "bold yellow"))
            return
        self.dismiss((chosen, reason))

    def action_leave(self) -> None:
        """Escape."""
        self.dismiss(None)


class Verified(Over[None]):
    """What checking the record found, and what that proves."""

    DEFAULT_CSS = """
    Verified { align: center middle; }
    Verified > VerticalScroll { width: 76; max-width: 95%; height: auto; max-height: 90%; border: heavy $success;
                                padding: 0 1; background: $surface; }
    Verified > .broken { border: heavy $error; }
    Verified Static { height: auto; margin-bottom: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "dismiss", "Close")]

    def __init__(self, verdict: Verdict, evidence: Evidence | None) -> None:
        super().__init__()
        self._verdict, self._evidence = verdict, evidence

    def compose(self) -> ComposeResult:
        """Verdict first."""
        with VerticalScroll(classes="" if self._verdict.intact else "broken"):
            yield from (Static(text) for text in verdict_told(self._verdict, self._evidence))
            yield Static(Text("Esc: close", "dim"))


def verdict_told(verdict: Verdict, evidence: Evidence | None) -> list[Text]:
    """What was found; what it proves; what only an anchor elsewhere can prove (docs/evidence.md)."""
    if not verdict.intact:
        return [
            Text("✗ THE RECORD IS NOT WHAT WAS WRITTEN", "bold red"),
            Text(verdict.text),
            Text(
                "Copy the whole directory before anything else is done with it, and show it to whoever is responsible "
                "for the record. `pvdctl audit verify` says the same, and `--anchor` what is vouched for elsewhere."
            ),
        ]
    told = [
        Text.assemble(("✓ INTACT  ", "bold green"), verdict.text),
        Text(
            "This proves that nobody without the record's private key has changed, added, taken out or exchanged an "
            "event or a sample up to the last signed checkpoint."
        ),
        Text(
            "It does not prove that nobody who has the key did, such as the administrator of this machine: for that, "
            "checkpoints must be kept elsewhere. `pvdctl audit verify --anchor FILE` compares with them."
        ),
    ]
    if evidence is not None and evidence.unwitnessed is not None:
        said = "every event is vouched for elsewhere"
        if evidence.unwitnessed:
            said = f"{evidence.unwitnessed:,} of {evidence.events:,} events are vouched for by nobody elsewhere"
            if evidence.oldest_unwitnessed_s is not None:
                said += f", the oldest since {words.duration(evidence.oldest_unwitnessed_s)}"
        told.append(Text(f"Now: {said}."))
    return told
