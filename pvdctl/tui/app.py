"""The screens: one app, six panes below a top line that never goes away, above the last answer and the keys."""

import socket
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, ClassVar, TypeVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.css.query import NoMatches
from textual.events import Event, InputEvent
from textual.message import Message
from textual.screen import ModalScreen

from pvdctl.client import Chamber, Declined, Lost
from pvdctl.clock import Clock, RealClock
from pvdctl.errors import PvdctlError
from pvdctl.service.answers import Accepted, Me, Trend
from pvdctl.service.messages import Happening, Snapshot
from pvdctl.tui.alarms_bell import Bell
from pvdctl.tui.control import Control
from pvdctl.tui.dialogs import AskRecipesQuestion, AskText, Confirm
from pvdctl.tui.feed import Feed, Heard
from pvdctl.tui.help import Help, told
from pvdctl.tui.kept import LOOK_S as TIDY_LOOK_S
from pvdctl.tui.kept import Tidying
from pvdctl.tui.keyline import KeyLine
from pvdctl.tui.own import OwnService
from pvdctl.tui.pane import Pane
from pvdctl.tui.panes import PANES
from pvdctl.tui.said import Said
from pvdctl.tui.terminal import hung_up
from pvdctl.tui.topline import TopLine
from pvdctl.tui.view import View

RENEW_S = 10.0
"""The lease lasts 30 s (process.lease): renewed three times in that."""
LOOK_S = 0.5
"""How often the age of what is shown is looked at."""
HOLD_REASON = "Hold key at the screen"
ABORT_REASON = "Abort key at the screen"

T = TypeVar("T")


def client_name(pid: int) -> str:
    """How the record names these screens."""
    return f"tui@{socket.gethostname()}:{pid}"


class Answered(Message):
    """A request to the service came back; `deliver` runs on the app's thread."""

    def __init__(self, deliver: Callable[[], None]) -> None:
        self.deliver = deliver
        super().__init__()


class Screens(App[None]):
    """Everything an operator sees. Never waits for the service: requests run in threads of their own.

    chamber: the service's client, made with the client name `name`. own: the service, where the screens started it.
    """

    TITLE = "pvdctl"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #panes { height: 1fr; }
    .stale #panes * { tint: $background 60%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(n), f"pane({n - 1})", name, show=False) for n, (name, _) in enumerate(PANES, 1)),
        Binding("question_mark,f1", "help", "Help", key_display="?"),
        Binding("h", "hold", "Hold", tooltip="Hold: shutters closed, source to standby; can be resumed"),
        Binding("f9,ctrl+o", "hold", "Hold", show=False, priority=True),
        Binding("A", "abort", "ABORT", tooltip="Abort: everything off at once; asks nothing"),
        Binding("f12,ctrl+x", "abort", "ABORT", show=False, priority=True),
        Binding("r", "resume", "Resume", tooltip="Resume after a hold; the rate is qualified anew"),
        Binding("s", "stop", "Stop", tooltip="Stop: end the run under control; asks first"),
        Binding("g", "ready", "Ready", tooltip="Get ready: Clear and Reset, to Idle; asks first"),
        Binding("c", "control", "Control", tooltip="Take control, give it back, or ask its holder for it"),
        Binding("n", "note", "Note", tooltip="A note for the record, such as what was seen at the chamber"),
        Binding("p", "question", "Prompt", show=False, tooltip="Answer the recipe's question"),
        Binding("q,ctrl+q", "quit", "Leave", key_display="q", tooltip="Leave the screens; the process goes on"),
    ]

    def __init__(self, chamber: Chamber, name: str, clock: Clock | None = None, own: OwnService | None = None) -> None:
        super().__init__()
        self.own = own
        self.ending = False
        """Whether the user wants the screens' own service to end with them."""
        self.chamber = chamber
        self._clock = clock or RealClock()
        self.view = View(self._clock, name)
        self.view.starting = own is not None
        self.control = Control(self)
        self._bell = Bell()
        self._help = Help()
        self._tidying = Tidying(self._clock.now_s)
        self._feed = Feed(chamber, self.post_message)
        self._made: dict[int, Pane] = {}
        self._at = 0
        self._asked = ""
        """The question that was put on the screen last, so that it is put there once."""

    # --- what is on the screen ------------------------------------------------------------------------------------
    def compose(self) -> ComposeResult:
        """Top line, panes, last answer, keys."""
        yield TopLine()
        yield Container(id="panes")
        yield Said()
        yield KeyLine()

    async def on_mount(self) -> None:
        """Begin to listen."""
        await self._to(0)
        self.query_one(Said).say("news", "? lists the keys; 1 to 6 change the screen")
        self.install_screen(self._help, "help")  # made once: it is felt when a key answers late
        self._feed.start()
        self.set_interval(LOOK_S, self._look)
        self.set_interval(RENEW_S, self.control.renew)
        self.set_interval(TIDY_LOOK_S, lambda: self._tidying.look(self._clock.now_s))

    async def on_event(self, event: Event) -> None:
        """Remember when somebody last did something."""
        if isinstance(event, InputEvent):
            self._tidying.pressed(self._clock.now_s)
        await super().on_event(event)

    def on_unmount(self) -> None:
        """Hear nothing more, and let others lead."""
        self._feed.stop()
        self.control.leave()

    @property
    def pane(self) -> Pane:
        """The one in sight."""
        return self._made[self._at]

    def action_press(self, key: str) -> None:
        """A click on a key's name."""
        self.simulate_key(key)

    async def action_pane(self, index: int) -> None:
        """Another screen."""
        if not isinstance(self.screen, ModalScreen):
            await self._to(index)

    async def _to(self, index: int) -> None:
        base = self.screen_stack[0]
        pane = self._made.get(index)
        if pane is None:
            pane = self._made[index] = PANES[index][1]()
            await base.query_one("#panes").mount(pane)
        self._at = index
        for each, made in self._made.items():
            made.display = each == index
        pane.show(self.view)
        pane.arrive()
        self.show_keys()

    def on_heard(self, event: Heard) -> None:
        """News from the service."""
        if not self.is_running:
            return  # the last news: the app is being closed, its screens are losing their parts
        view, what = self.view, event.what
        if isinstance(what, Snapshot):
            view.take(what)
            self._show()
            if self._bell.rings(what):
                self.bell()
            self.control.heard(what)
            self._put_question(what)
        elif isinstance(what, Happening):
            view.happened(what)
        elif isinstance(what, Lost):
            view.losing(what.why)
            self._show()
        elif isinstance(what, Me):
            view.me = what
        elif isinstance(what, Trend):
            view.curves.begin(what)

    def on_resize(self) -> None:
        """The lines are made for a width."""
        self.call_after_refresh(self._show)

    def _look(self) -> None:
        """Time passes also where nothing comes."""
        if self.own is not None and self.own.failure():
            self.exit(return_code=1)
        if not self.is_headless and hung_up():
            self.exit()
        if self.view.stale:
            self._show()

    def _show(self) -> None:
        if not self.is_running:
            return  # being closed
        base = self.screen_stack[0]
        base.set_class(self.view.stale, "stale")
        try:
            base.query_one(TopLine).show(self.view)
        except NoMatches:
            return  # not composed yet
        if self._made:
            self.pane.show(self.view)
            self.show_keys()

    def show_keys(self) -> None:
        """Draw the line of keys; a pane whose keys depend on what it shows calls this when that has changed."""
        if not self.is_running:
            return  # being closed
        pane = self.pane
        keys = [key for key in _bindings(pane.BINDINGS) if pane.check_action(key.action.partition("(")[0], ())]
        line = self.screen_stack[0].query_one(KeyLine)
        line.show(self.view, keys, self.BINDINGS, [name for name, _ in PANES], self._at)

    # --- requests -------------------------------------------------------------------------------------------------
    def say(self, kind: str, text: str) -> None:
        """Put a line above the keys: done, asked, refused, failed or news."""
        if self.is_running:  # else the app is being closed
            self.screen_stack[0].query_one(Said).say(kind, text)

    def ask(
        self,
        doing: str,
        request: Callable[[Chamber], T],
        then: Callable[[T], None] | None = None,
        *,
        leased: bool = False,
        quiet: bool = False,
        failed: Callable[[PvdctlError], None] | None = None,
    ) -> None:
        """Let a thread ask the service; `then` gets the answer on the app's thread.

        doing: what is being asked, for the line above the keys. leased: the request needs control; it is taken first
        where nobody has it. quiet: neither beginning nor end is told, but a failure is, unless `failed` takes it.
        """
        if not quiet:
            self.say("asked", doing)

        def run() -> None:
            try:
                if leased and self.chamber.fence is None:
                    self.chamber.take_control(f"for: {doing}")
                answer = request(self.chamber)
            except PvdctlError as error:
                self.post_message(Answered(partial(self._refused, doing, error, failed)))
            else:
                self.post_message(Answered(partial(self._answered, doing, answer, then, quiet)))

        threading.Thread(target=run, name="request", daemon=True).start()

    def on_answered(self, event: Answered) -> None:
        """An answer is here."""
        if self.is_running:  # else the app is being closed
            event.deliver()

    def _answered(self, doing: str, answer: Any, then: Callable[[Any], None] | None, quiet: bool) -> None:
        if not quiet:
            self.say("done", answer.text if isinstance(answer, Accepted) else doing)
        if then is not None:
            then(answer)

    def _refused(self, doing: str, error: PvdctlError, failed: Callable[[PvdctlError], None] | None) -> None:
        if isinstance(error, Declined) and error.problem.code in ("stale_fence", "no_lease"):
            self.chamber.fence = None
        if failed is not None:
            failed(error)
        elif isinstance(error, Declined):
            self.say("refused", str(error))
        else:
            self.say("failed", f"{doing}: {error}")

    # --- keys that work everywhere --------------------------------------------------------------------------------
    def action_abort(self) -> None:
        """Everything off at once. Asks nothing, needs no lease."""
        self.ask("abort", lambda chamber: chamber.abort(ABORT_REASON))

    def action_hold(self) -> None:
        """Hold first, ask for the why afterwards."""
        self.ask("hold", lambda chamber: chamber.hold(HOLD_REASON), self._held)

    def _held(self, answer: Accepted) -> None:
        def note(why: str | None) -> None:
            if why:
                self.ask("note", lambda chamber: chamber.note(why, about="hold"))

        self.push_screen(
            AskText("Hold: why?", "The run is being held already. What you write goes into the record.", needed=False),
            note,
        )

    def action_resume(self) -> None:
        """Unhold."""
        self.ask("resume", lambda chamber: chamber.resume("Resume key at the screen"), leased=True)

    def action_stop(self) -> None:
        """Controlled end; asks for a reason, which is the confirmation."""

        def stop(why: str | None) -> None:
            if why:
                self.ask("stop", lambda chamber: chamber.stop(why))

        self.push_screen(
            AskText(
                "Stop this run?",
                "Shutters close, the source is ramped down, gas is closed; the run ends and cannot be resumed. "
                "Write why and press Enter to stop it; Esc lets it go on.",
            ),
            stop,
        )

    def action_ready(self) -> None:
        """Clear and Reset, to Idle."""

        def go(yes: bool | None) -> None:
            if yes:
                self.ask("get ready", lambda chamber: chamber.ready(), leased=True)

        snapshot = self.view.snapshot
        now = f" It is {snapshot.state} now." if snapshot is not None else ""
        self.push_screen(
            Confirm("Get the unit ready?", f"Clear re-arms the PLC's outputs, Reset leads to Idle.{now}", "Get ready"),
            go,
        )

    def action_control(self) -> None:
        """Take it, give it back, or ask its holder."""
        self.control.pressed()

    def action_note(self) -> None:
        """Words for the record: what was seen, heard or done at the chamber."""

        def note(text: str | None) -> None:
            if text:
                self.ask("note", lambda chamber: chamber.note(text))

        told = "What you write becomes an event of the open run, or of the record where no run is open."
        self.push_screen(AskText("A note for the record", told), note)

    def action_question(self) -> None:
        """Put the recipe's question on the screen again."""
        self._asked = ""
        if self.view.snapshot is not None:
            self._put_question(self.view.snapshot)

    def _put_question(self, snapshot: Snapshot) -> None:
        """A prompt appears over any screen, once by itself; it goes when somebody else has answered it."""
        question, top = snapshot.question, self.screen
        if isinstance(top, AskRecipesQuestion) and top.question != question:
            top.dismiss(None)
        run = snapshot.job.run if snapshot.job is not None else ""
        name = f"{run} {question.prompt}" if question is not None else ""
        if question is None or name == self._asked or isinstance(self.screen, ModalScreen):
            if question is None:
                self._asked = ""
            return
        self._asked = name
        recipe = snapshot.job.recipe if snapshot.job is not None else "the recipe"

        def answer(chosen: str | None) -> None:
            if chosen is not None:
                self.ask(f"answer {chosen}", lambda chamber: chamber.answer(question.prompt, chosen), leased=True)

        self.push_screen(AskRecipesQuestion(question, recipe), answer)

    async def action_quit(self) -> None:
        """Leave. Of a service that the screens started themselves, ask whether it shall end too."""
        own = self.own
        if own is None or isinstance(self.screen, ModalScreen):
            self.exit()
            return

        def leave(end: bool | None) -> None:
            if end is None:
                return
            if end:
                self.ending = True
                own.end()
            self.exit()

        self.push_screen(
            Confirm(
                "Leave the screens?",
                "The simulated service goes on without them, and a run in it too. End it as well? A run is stopped "
                "under control first. Esc: stay here.",
                "End it",
                "Leave it running",
            ),
            leave,
        )

    def action_help(self) -> None:
        """The keys."""
        if not isinstance(self.screen, ModalScreen):
            mine = told(_bindings(self.pane.BINDINGS))
            whole = told([b for b in _bindings(self.BINDINGS) if not b.action.startswith("pane(")])
            whole.append((f"1 to {len(PANES)}", f"The screens: {', '.join(name for name, _ in PANES)}"))
            self._help.tell(PANES[self._at][0], mine, whole)
            self.push_screen(self._help)


def _bindings(declared: Iterable[BindingType]) -> list[Binding]:
    """Those that were declared in full, as ours are."""
    return [binding for binding in declared if isinstance(binding, Binding)]
