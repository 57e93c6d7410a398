"""The answers a simulation wants beforehand: a recipe's questions, one after the other."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static

from pvdctl.service.messages import Question
from pvdctl.tui.dialogs import BOX
from pvdctl.tui.over import Over


class AskBeforehand(Over[dict[str, str] | None]):
    """By prompt, what a simulation shall be answered. None: left; nothing is simulated."""

    DEFAULT_CSS = f"""
    AskBeforehand {{ {BOX} }}
    AskBeforehand OptionList {{ height: auto; max-height: 8; margin-top: 1; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave it")]

    def __init__(self, recipe: str, questions: list[Question]) -> None:
        super().__init__()
        self._recipe, self._questions = recipe, questions
        self._answers: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """The question, its answers to choose from."""
        with Vertical():
            yield Static(id="question")
            yield OptionList()
            yield Static(Text("Enter: this answer, in the simulation only    Esc: leave it", "dim"))

    def on_mount(self) -> None:
        """The first of them."""
        self._put()

    def _put(self) -> None:
        question = self._questions[len(self._answers)]
        number = f"{len(self._answers) + 1} of {len(self._questions)}"
        self.query_one("#question", Static).update(
            Text.assemble(
                (f"SIMULATED {self._recipe} will ask ({question.prompt}, {number}). What is it told?\n\n", "bold"),
                question.message,
            )
        )
        options = self.query_one(OptionList)
        options.set_options(Text(answer) for answer in question.answers)
        options.highlighted = 0
        options.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        if not self.is_active:
            return  # one more Enter, under way when the last question was answered
        question = self._questions[len(self._answers)]
        self._answers[question.prompt] = question.answers[event.option_index]
        if len(self._answers) == len(self._questions):
            self.dismiss(self._answers)
        else:
            self._put()

    def action_leave(self) -> None:
        """Escape."""
        self.dismiss(None)
