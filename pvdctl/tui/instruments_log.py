"""Raw exchanges of one link as they pass: what was asked, what came, how long it took."""

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import RichLog

from pvdctl.errors import PvdctlError
from pvdctl.service.answers import Exchange, Exchanges
from pvdctl.tui import words
from pvdctl.tui.told import Told

if TYPE_CHECKING:
    from pvdctl.tui.app import Screens

ASK_EVERY_S: Final = 0.5
"""As often as snapshots come."""
MOST: Final = 60
"""Exchanges asked for at a time: the busiest link of the shipped chamber, the PLC's, makes 11 in `ASK_EVERY_S` (21 a
second, measured). A fast simulation makes more: then the newest are shown, and how many were not."""
KEPT: Final = 500
"""As many as the service keeps."""
LINES: Final = 2000
"""Of the log: more than `KEPT` exchanges take."""
MARGIN: Final = 25
"""Characters before the bytes: time, duration and the mark."""


class Tail(RichLog):
    """A log that stays at its end until somebody scrolls back, and again when they come to its end or press End."""

    def __init__(self) -> None:
        super().__init__(max_lines=LINES, wrap=False, auto_scroll=False, min_width=20)
        self.follows = True

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Somebody scrolls; what is written meanwhile only makes the end go further down."""
        super().watch_scroll_y(old_value, new_value)
        self.follows = new_value >= self.max_scroll_y or (self.follows and new_value >= old_value)

    def action_scroll_end(self) -> None:
        """The newest, at once: an animation would run after an end that goes on."""
        self.to_end()

    def to_end(self) -> None:
        """The newest."""
        self.follows = True
        self.scroll_end(animate=False)


class ExchangeLog(Vertical):
    """The log of the link it was opened for. Asks only while it is in sight and not paused; follows the newest.

    The service listens to the link because it is asked, and ends that by itself a minute after the last question.
    """

    DEFAULT_CSS = """
    ExchangeLog { height: 1fr; }
    ExchangeLog #head { padding: 0 1; background: $panel; }
    ExchangeLog Tail { height: 1fr; padding: 0 1; background: $surface; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.link = ""
        self._hex = False
        self._paused = False
        self._asking = False
        self._listening_s: float | None = None
        self._failed = ""
        self._newest: int | None = None
        self._kept: deque[tuple[Exchange, int]] = deque(maxlen=KEPT)
        """With how many before each are not shown."""

    def compose(self) -> ComposeResult:
        """What is shown, then the log."""
        yield Told(id="head")
        yield Tail()

    def on_mount(self) -> None:
        """Ask now and then."""
        self.set_interval(ASK_EVERY_S, self.ask)

    def on_resize(self) -> None:
        """Long frames are broken to the width."""
        self._redraw()

    @property
    def tail(self) -> Tail:
        """The log itself."""
        return self.query_one(Tail)

    # --- what keys do ---------------------------------------------------------------------------------------------
    def open(self, link: str) -> None:
        """Show this link's; what was shown of another is forgotten."""
        self.link, self._paused, self._failed = link, False, ""
        self._listening_s = self._newest = None
        self._kept.clear()
        self.tail.clear()
        self.tail.follows = True
        self.display = True
        self.tail.focus()
        self._head()
        self.ask()

    def close(self) -> None:
        """Out of sight; nothing is asked any more."""
        self.link = ""
        self.display = False

    def turn(self) -> None:
        """From print to hex, and back."""
        self._hex = not self._hex
        self._redraw()
        self._head()

    def pause(self) -> None:
        """Stand still, or go on."""
        self._paused = not self._paused
        if not self._paused:
            self.tail.to_end()
        self._head()

    # --- asking ---------------------------------------------------------------------------------------------------
    def ask(self) -> None:
        """Ask for the newest, once at a time."""
        in_sight = self.link and all(widget.display for widget in self.ancestors_with_self if widget is not self.app)
        if not in_sight or self._paused or self._asking:
            return
        self._asking = True
        link = self.link
        cast("Screens", self.app).ask(
            f"exchanges of {link}",
            lambda chamber: chamber.exchanges(link, limit=MOST),
            self._have,
            quiet=True,
            failed=self._have_not,
        )

    def _have(self, found: Exchanges) -> None:
        self._asking = False
        if found.link != self.link:
            return
        self._failed, self._listening_s = "", found.listening_s
        if self._newest is not None and found.newest < self._newest:
            self._newest = None  # the service was started anew, and counts from one again
        for exchange in found.exchanges:
            known = self._newest
            if known is not None and exchange.number <= known:
                continue
            missed = exchange.number - known - 1 if known is not None else 0
            self._newest = exchange.number
            self._kept.append((exchange, missed))
            self._write(exchange, missed)
        if self.tail.follows:
            self.tail.to_end()
        self._head()

    def _have_not(self, error: PvdctlError) -> None:
        self._asking, self._failed = False, str(error)
        self._head()

    # --- drawing --------------------------------------------------------------------------------------------------
    def _head(self) -> None:
        form = "hex" if self._hex else "print"
        told = Text.assemble((f"{self.link}", "bold"), f": raw exchanges in {form}, ")
        if self._failed:
            told.append(f"✗ not read: {self._failed}", "bold red")
        elif self._paused:
            told.append("‖ PAUSED, Space goes on", "bold yellow")
        elif self._listening_s is None:
            told.append("asking the service to listen ...")
        elif not self._kept:
            told.append("listening; nothing has passed yet")
        elif not self.tail.follows:
            told.append("scrolled back (End: the newest)", "bold yellow")
        else:
            told.append("▶ the newest below")
        self.query_one("#head", Told).tell(told)

    def _redraw(self) -> None:
        self.tail.clear()
        for exchange, missed in self._kept:
            self._write(exchange, missed)
        self.tail.to_end()

    def _write(self, exchange: Exchange, missed: int) -> None:
        log = self.tail
        width = max(MARGIN + 12, (self.size.width or 80) - 4)
        if missed:
            log.write(Text(f"... {missed:,} more are not shown: they pass faster than they are asked for", "yellow"))
        for line in lines(exchange, width, in_hex=self._hex):
            log.write(line, width=width)


def lines(exchange: Exchange, width: int, *, in_hex: bool) -> Iterator[Text]:
    """When, how long, `>` what was asked, `<` what came, `!` what was wrong; long ones go on below themselves."""
    head = f"{words.clock_time(exchange.utc)}{exchange.utc[19:23]} {exchange.took_ms:8.1f} ms"[: MARGIN - 1].ljust(
        MARGIN - 1
    )
    room = width - MARGIN - 2
    asked = exchange.asked_hex if in_hex else exchange.asked_text
    answered = exchange.answered_hex if in_hex else exchange.answered_text
    told = False
    for mark, said, style in ((">", asked, "cyan"), ("<", answered, ""), ("!", exchange.error, "bold red")):
        if not said:
            continue
        told = True
        for number, part in enumerate(_parts(said, room - room % 3 if in_hex and mark != "!" else room)):
            yield Text.assemble((head, "dim"), (f" {mark if number == 0 else ' '} ", "bold"), (part, style))
            head = " " * len(head)
    if not told:
        yield Text.assemble((head, "dim"), "   nothing was asked and nothing came")


def _parts(said: str, room: int) -> Iterator[str]:
    for start in range(0, len(said), room):
        yield said[start : start + room]
