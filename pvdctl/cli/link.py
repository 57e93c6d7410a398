"""`pvdctl link`: the raw exchanges of one link of the service, as they pass."""

from collections.abc import Iterator
from functools import partial
from json import dumps
from math import inf

from pvdctl.cli.exits import DONE, WrongUsage
from pvdctl.cli.remote import Reach, asked
from pvdctl.client import Chamber
from pvdctl.clock import RealClock, sleep_s
from pvdctl.service.answers import Exchange
from pvdctl.service.encode import as_plain

LOOK_EVERY_S = 0.25
"""Between two looks: few enough for any service. In real time nothing is missed, since it keeps 20 s of the busiest
link; of a fast simulation some is, and that is said."""


def link(reach: Reach, name: str, *, follow: bool, for_s: float) -> int:
    """Print what passes on a link: for a while, or until Ctrl-C. Raises WrongUsage."""
    if reach.json and follow:
        raise WrongUsage("--json prints one object at the end, and --follow has no end: use --json with --for")
    heard = _heard(reach.chamber(), name, inf if follow else for_s)
    if reach.json:
        print(dumps({"link": name, "exchanges": [as_plain(each) for each in heard]}, ensure_ascii=False, indent=2))
        return DONE
    before: int | None = None
    try:
        for each in heard:
            if before is not None and each.number > before + 1:
                print(f"... {each.number - before - 1} exchanges are not shown: the service keeps the newest only")
            before = each.number
            print("\n".join(_lines(each)), flush=True)
    except KeyboardInterrupt:
        return DONE  # the service stops listening by itself
    return DONE


def _heard(chamber: Chamber, name: str, for_s: float) -> Iterator[Exchange]:
    """Exchanges from now on, in order."""
    clock = RealClock()
    after = asked(partial(chamber.exchanges, name, limit=1)).newest
    while True:
        found = asked(partial(chamber.exchanges, name, after))
        if found.exchanges:
            yield from found.exchanges
            after = found.exchanges[-1].number
        if clock.now_s >= for_s:
            return
        sleep_s(min(LOOK_EVERY_S, max(0.0, for_s - clock.now_s)))


def _lines(exchange: Exchange) -> Iterator[str]:
    """When and how long, then what was asked, what came, and what was wrong."""
    when = exchange.utc.partition("T")[2][:12]
    head = f"{when} {exchange.took_ms:9.3f} ms "
    for mark, as_hex, text in (
        (">", exchange.asked_hex, exchange.asked_text),
        ("<", exchange.answered_hex, exchange.answered_text),
    ):
        if as_hex:
            yield f"{head}{mark} {as_hex}   {text}"
            head = " " * len(head)
    if exchange.error:
        yield f"{head}! {exchange.error}"
