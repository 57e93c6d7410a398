"""A box to tick whose state is told by its shape; Textual's own has an X in both states and tells them by colour."""

from textual.widgets import Checkbox


class Tick(Checkbox):
    """`[ ]` and `[x]`."""

    DEFAULT_CSS = """
    Tick { border: none; padding: 0; height: auto; }
    Tick:focus { border: none; }
    Tick > .toggle--button, Tick.-on > .toggle--button { color: $surface; background: $foreground; }
    """
    BUTTON_LEFT = "["
    BUTTON_INNER = " "
    BUTTON_RIGHT = "]"

    def watch_value(self) -> None:
        """Draw it as it is."""
        self.BUTTON_INNER = "x" if self.value else " "
        super().watch_value()
