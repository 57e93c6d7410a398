"""The unit state machine: which state the chamber is in, and which commands it takes.

Pure: no input or output happens here. The controller asks for a transition, and performs afterwards what the new state
means; a resting state is entered by `complete`, which the controller calls only after reading its conditions back.

Built on `transitions` (synchronous, flat). Our own table is asked before the library is, because a library trigger can
be refused in silence; the library's triggers live on a private object, because one named like an existing method of
its model would not be added. Only the control thread may call in.
"""

from transitions import Machine

from pvdctl.errors import Bug, Refused
from pvdctl.process.states import FIRST, STATE_COMPLETE, TRANSITIONS, Command, State, legal

_DONE = "state_complete"


class _Place:
    """What the library moves: nothing but a state."""

    state: State


class Unit:
    """The chamber as one PackML unit.

    state: where it is now, a plain attribute to be read in every scan and written by nobody else.
    previous: the state before this one; the first state has itself.
    since_s: clock seconds when this state was entered. enter_count: transitions made so far.
    """

    __slots__ = ("_machine", "_place", "enter_count", "previous", "since_s", "state")

    def __init__(self, now_s: float = 0.0) -> None:
        self._place = _Place()
        self._machine = Machine(
            model=self._place,
            states=State,
            initial=FIRST,
            auto_transitions=False,
            transitions=[
                *({"trigger": word.name, "source": here, "dest": to} for (here, word), to in TRANSITIONS.items()),
                *({"trigger": _DONE, "source": here, "dest": to} for here, to in STATE_COMPLETE.items()),
            ],
        )
        self.state = self._place.state
        self.previous = self.state
        self.since_s = now_s
        self.enter_count = 0

    def command(self, command: Command, now_s: float) -> State:
        """Carry out `command` and return the new state.

        Abort while aborting or aborted changes nothing and is no error: whoever asks for it has what was asked.
        Raises Refused, with the reason and the commands possible now, for every pair that is not in the table; then
        nothing has changed.
        """
        here = self.state
        to = TRANSITIONS.get((here, command))
        if to is None:
            if command is Command.ABORT and here in (State.ABORTING, State.ABORTED):
                return here
            raise Refused(command.name.lower(), _why_not(here, command), self.legal_words())
        return self._go(command.name, to, now_s)

    def complete(self, now_s: float) -> State:
        """The work of the acting state is done and read back: go on to the state after it. Raises Bug when resting."""
        to = STATE_COMPLETE.get(self.state)
        if to is None:
            raise Bug(f"state complete was signalled in {_word(self.state)}, which has nothing to complete")
        return self._go(_DONE, to, now_s)

    def legal_words(self) -> tuple[str, ...]:
        """The commands possible now, as an operator types them."""
        return tuple(command.name.lower() for command in legal(self.state))

    def _go(self, trigger: str, to: State, now_s: float) -> State:
        self._machine.events[trigger].trigger(self._place)
        arrived = self._place.state
        if arrived is not to:
            raise Bug(f"{trigger} in {_word(self.state)} led to {arrived!r}, the table says {_word(to)}")
        self.previous = self.state
        self.state = arrived
        self.since_s = now_s
        self.enter_count += 1
        return arrived


def diagram() -> str:
    """The state machine as a mermaid drawing, for the documents.

    Abort and Stop are drawn once each, from a stand-in for all the states they are accepted in; else they would be
    27 of the 54 arrows and hide the rest.
    """
    lines = ["stateDiagram-v2", f"    [*] --> {_word(FIRST)}"]
    for here in State:
        for command in legal(here):
            if command not in (Command.ABORT, Command.STOP):
                lines.append(f"    {_word(here)} --> {_word(TRANSITIONS[here, command])} : {_word(command)}")
        if here in STATE_COMPLETE:
            lines.append(f"    {_word(here)} --> {_word(STATE_COMPLETE[here])}")
    for command in (Command.STOP, Command.ABORT):
        not_from = ", ".join(_word(here) for here in State if (here, command) not in TRANSITIONS)
        to = next(to for (_, word), to in TRANSITIONS.items() if word is command)
        stand_in = f"any_{command.name.lower()}"
        lines.append(f'    state "every state but {not_from}" as {stand_in}')
        lines.append(f"    {stand_in} --> {_word(to)} : {_word(command)}")
    return "\n".join(lines) + "\n"


def _word(name: State | Command) -> str:
    return name.name.capitalize()


def _why_not(here: State, command: Command) -> str:
    sources = [_word(state) for state in State if (state, command) in TRANSITIONS]
    return f"the unit is in {_word(here)}; {command.name.lower()} is taken in {', '.join(sources)}"
