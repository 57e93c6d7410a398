"""What every screen below the top line is made of."""

from abc import abstractmethod
from typing import TYPE_CHECKING, cast

from textual.containers import Container

from pvdctl.tui.view import View

if TYPE_CHECKING:  # the app makes the panes; they only speak to it
    from pvdctl.tui.app import Screens


class Pane(Container):
    """One of the six screens. Made when it is first looked at, and told of news only while it is in sight.

    A pane lists its keys in BINDINGS, with descriptions: the line of keys and the help show them. It never talks to
    the service on the app's thread: it calls `self.screens.ask(...)` (see `app.Screens`). Textual's classes have a
    metaclass of their own, so that Python makes a pane without `show` too; mypy refuses it, and tests/tui/test_view.py.
    """

    DEFAULT_CSS = """
    Pane { height: 1fr; width: 1fr; }
    """

    @property
    def screens(self) -> "Screens":
        """The app, with what a pane may ask of it."""
        return cast("Screens", self.app)

    @abstractmethod
    def show(self, view: View) -> None:
        """News: draw what has changed. At most a few times a second; must take well below 50 ms."""

    def arrive(self) -> None:
        """It has come into sight: put the focus where the keys go first, and ask the service what it needs."""
        self.focus()
