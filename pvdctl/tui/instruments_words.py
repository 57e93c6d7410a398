"""What the instrument screen says of links, their polls and the control loop's beat."""

from typing import Final

from rich.text import Text

from pvdctl.service.messages import Beat, Link
from pvdctl.tui import words
from pvdctl.tui.told import Labelled

OLD: Final = "✗ OLD"


def up(link: Link) -> Text:
    """Shape and word."""
    return Text("● up", "green") if link.up else Text("✗ DOWN", "bold reverse red")


def counted(number: int) -> Text:
    """A number of faults: loud where there are any."""
    return Text(f"{number:,}", "bold yellow" if number else "dim")


def trip(value_ms: float | None) -> Text:
    """A round trip; `?` on links that do not measure."""
    if value_ms is None:
        return Text(words.UNKNOWN, "dim")
    return Text(f"{value_ms:.1f}" if value_ms < 100.0 else f"{value_ms:.0f}")


def age(seconds: float) -> str:
    """`0.04 s`, `4.4 s`, `12:05`."""
    if seconds < 60.0:
        return f"{seconds:.2f} s" if seconds < 1.0 else f"{seconds:.1f} s"
    return words.duration(seconds)


def old(link: Link) -> list[str]:
    """The polls whose readings are older than they may be; those never read among them."""
    return [poll for poll, age_s in link.ages_s.items() if age_s is None or age_s > link.limits_s.get(poll, age_s)]


def ages(link: Link) -> Text:
    """All polls of a link in one word."""
    late = old(link)
    if not link.ages_s:
        return Text("no polls", "dim")
    if late:
        return Text(f"✗ {len(late)} of {len(link.ages_s)} old", "bold red")
    if not all(poll in link.limits_s for poll in link.ages_s):
        return Text("limits ?", "dim")
    return Text("✓ fresh", "green")


def poll(link: Link, name: str) -> Text:
    """A poll with its age, marked where that is too much."""
    age_s = link.ages_s[name]
    if age_s is None:
        return Text(f"{name} {words.UNKNOWN} never read", "bold red")
    if name in old(link):
        return Text(f"{name} {age(age_s)} {OLD} (limit {link.limits_s[name]:g} s)", "bold red")
    return Text(f"{name} {age(age_s)}")


def head(link: Link) -> Text:
    """Its name and whether it is up."""
    return Text.assemble((f"{link.link}  ", "bold"), up(link))


def about(link: Link) -> Labelled:
    """All there is to say of one link."""
    lines: Labelled = []
    for name in link.instruments:
        said = link.identities.get(name) or "? has not said who it is since the service started"
        lines.append(("Identity", Text.assemble((name, "bold"), f": {said}")))
    lines += [("Age" if number == 0 else "", poll(link, name)) for number, name in enumerate(link.ages_s)]
    lines.append(("Counts", _counts(link)))
    lines.append(("Round trip", _trips(link)))
    lines.append(("Last news", Text(link.last_error or "nothing was reported of it since the service started")))
    return lines


def _counts(link: Link) -> Text:
    told = Text(f"exchanges {link.exchanges:,}, answers {link.answers:,}")
    for number, name in (
        (link.time_outs, "time-outs"),
        (link.bad_frames, "bad frames"),
        (link.refusals, "refusals"),
        (link.reconnects, "reconnects"),
    ):
        told.append(", ")
        told.append(f"{name} {number:,}", "bold yellow" if number else "")
    return told


def _trips(link: Link) -> Text:
    if link.round_trip_p50_ms is None and link.round_trip_p99_ms is None:
        return Text("not measured on this link (a simulated line takes the time its bytes take)", "dim")
    return Text(
        f"p50 {trip(link.round_trip_p50_ms)} ms, p99 {trip(link.round_trip_p99_ms)} ms, of the newest exchanges"
    )


def beat(beat: Beat) -> Text:
    """The control loop: scans, lost ones, how late they begin."""
    told = Text.assemble(("Control loop  ", "bold"), f"{beat.scans:,} scans, ")
    told.append(f"{beat.lost:,} lost", "bold yellow" if beat.lost else "")
    if beat.late_p50_ms is None and beat.late_p99_ms is None and beat.late_worst_ms is None:
        told.append("; lateness is not measured in virtual time")
    else:
        late = ", ".join(
            f"{name} {words.number(value, 1, 'ms')}"
            for name, value in (("p50", beat.late_p50_ms), ("p99", beat.late_p99_ms), ("worst", beat.late_worst_ms))
        )
        told.append(f"; late {late}")
    if beat.longest_ms is not None:
        told.append(f"; longest scan {beat.longest_ms:.1f} ms")
    return told
