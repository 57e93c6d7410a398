"""The terminal that the screens are on, as far as Textual does not see to it."""

import select
import sys


def hung_up() -> bool:
    """Whether the terminal is gone: a closed window, a broken ssh connection.

    A process that leads its session gets SIGHUP then; one that does not (under nohup, in some multiplexers) would go on
    for ever and keep the control lease from everybody.
    """
    stream = sys.__stdin__
    if stream is None or stream.closed or not hasattr(select, "poll"):
        return False
    look = select.poll()
    look.register(stream.fileno(), 0)
    return any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in look.poll(0))
