"""What every screen over the others is made of: it can be left once only."""

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

Result = TypeVar("Result")


class Over(ModalScreen[Result]):
    """A modal screen that is answered once, however often Enter is pressed before it is gone.

    Textual 8.2.8 takes the topmost screen off at each `dismiss`, whichever was meant: a second answer that was under
    way already would close what lies below, or end the program where nothing does.
    """

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Leave with this result. Nothing happens unless this is the topmost screen."""
        return super().dismiss(result) if self.is_active else AwaitComplete()
