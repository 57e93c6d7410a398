"""Small screens over the others: yes or no, a line of text, the recipe's question.

Escape always leaves without doing anything; it never answers, never resumes. Abort and Hold work over each of them.
"""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Key
from textual.widgets import Button, Input, Static

from pvdctl.service.messages import Question
from pvdctl.tui.over import Over

BOX = """
    align: center middle;
    & > Vertical { width: 72; max-width: 95%; height: auto; max-height: 100%; border: heavy $warning; padding: 0 1;
                   background: $surface; margin-top: 4; }
    & Static { height: auto; }
    & .why { margin-top: 1; }
    & Horizontal { height: auto; margin-top: 1; align-horizontal: right; }
    & Button { margin-left: 1; min-width: 10; }
"""


class Confirm(Over[bool | None]):
    """Yes or no, with what will happen; None for Escape. The focus is on no: a stray Enter does nothing."""

    DEFAULT_CSS = f"Confirm {{ {BOX} }}"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n", "answer(False)", "No"),
        Binding("escape", "answer(None)", "Leave it"),
        Binding("left,right", "app.focus_next", show=False),
    ]

    def __init__(self, title: str, text: str, yes: str = "Yes", no: str = "No") -> None:
        super().__init__()
        self._title, self._text, self._yes, self._no = title, text, yes, no

    def compose(self) -> ComposeResult:
        """Title, text, two buttons."""
        with Vertical():
            yield Static(Text(self._title, "bold"))
            yield Static(Text(self._text), classes="why")
            with Horizontal():
                yield Button(f"{self._yes} (y)", id="yes", variant="warning")
                yield Button(f"{self._no} (n)", id="no")

    def on_mount(self) -> None:
        """Safe side first."""
        self.query_one("#no", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A button is an answer."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool | None) -> None:
        """A key is one too."""
        self.dismiss(yes)


class AskText(Over[str | None]):
    """A line of text, such as why. None: left without one.

    needed: an empty line is not taken.
    """

    DEFAULT_CSS = f"AskText {{ {BOX} }}"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave it")]

    def __init__(self, title: str, text: str = "", *, needed: bool = True, value: str = "") -> None:
        super().__init__()
        self._title, self._text, self._needed, self._value = title, text, needed, value

    def compose(self) -> ComposeResult:
        """Title, text, a line to write on."""
        with Vertical():
            yield Static(Text(self._title, "bold"))
            if self._text:
                yield Static(Text(self._text), classes="why")
            yield Input(self._value, id="line")
            yield Static(Text("Enter: done    Esc: leave it", "dim"), id="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        line = event.value.strip()
        if self._needed and not line:
            self.query_one("#hint", Static).update(Text("Write a few words, or leave with Esc.", "bold yellow"))
            return
        self.dismiss(line)

    def action_leave(self) -> None:
        """Escape."""
        self.dismiss(None)


class AskRecipesQuestion(Over[str | None]):
    """A prompt of the recipe: one of its answers, or None to look around first; the recipe goes on waiting."""

    DEFAULT_CSS = f"AskRecipesQuestion {{ {BOX} }}"
    AUTO_FOCUS = ""  # no answer by a stray Enter
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Later")]

    def __init__(self, question: Question, recipe: str) -> None:
        super().__init__()
        self.question = question
        self._recipe = recipe

    def compose(self) -> ComposeResult:
        """The message, a button for each answer, none of them in focus."""
        with Vertical():
            yield Static(Text(f"{self._recipe} asks ({self.question.prompt})", "bold"))
            yield Static(Text(self.question.message), classes="why")
            with Horizontal():
                for index, answer in enumerate(self.question.answers, 1):
                    yield Button(f"{answer} ({index})", name=answer)
            yield Static(Text("Esc: later; the recipe waits, p brings this back", "dim"))

    def on_key(self, event: Key) -> None:
        """Digits choose."""
        key = event.key
        if key.isdigit() and 1 <= int(key) <= len(self.question.answers):
            self.dismiss(self.question.answers[int(key) - 1])

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A button is an answer."""
        self.dismiss(event.button.name)

    def action_leave(self) -> None:
        """Escape."""
        self.dismiss(None)
