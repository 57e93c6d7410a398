"""The errors of pvdctl, sorted by who must act.

    PvdctlError
    ├── OperatorError     the input is wrong: fix the recipe, the chamber file or the request
    │   └── Refused       a command that is not possible now; names what is
    ├── LinkError         bytes did not arrive or arrived damaged: a retry is sensible
    │   ├── NoAnswer
    │   ├── BadFrame
    │   └── LinkClosed
    ├── InstrumentError   the instrument answered "no": no blind retry
    │   └── Restarted     the instrument was switched off and on: set it up again
    ├── RecordError       the record cannot be written or read
    └── Bug               pvdctl is at fault

Every text says what, where, what was wanted, what was found and what to do next.
"""


class PvdctlError(Exception):
    """Base of all errors that pvdctl raises on purpose. `str(error)` is a sentence for the person who must act."""


class OperatorError(PvdctlError):
    """The input is wrong (recipe, chamber file, request): nothing was changed; mend the input."""


class Refused(OperatorError):
    """A command is not possible now.

    `reason` says why; `legal` lists the commands that are possible now.
    """

    def __init__(self, what: str, reason: str, legal: tuple[str, ...] = ()) -> None:
        self.reason = reason
        self.legal = legal
        can = f" You can: {', '.join(legal)}." if legal else " Wait until it has gone on; it takes no command now."
        super().__init__(f"{what} refused: {reason}.{can}")


class LinkError(PvdctlError):
    """Bytes did not arrive, or arrived damaged. A retry is sensible where the request is harmless."""


class NoAnswer(LinkError):
    """Nothing, or not a whole answer, came within the deadline."""

    def __init__(self, link: str, asked: bytes, within_s: float, got: bytes = b"") -> None:
        self.link, self.asked, self.within_s, self.got = link, asked, within_s, got
        part = f", only {len(got)} bytes {got[:24]!r} of an answer" if got else ""
        super().__init__(
            f"{link}: no answer to {asked[:24]!r} within {within_s:g} s{part}. "
            "Is the instrument switched on, and are cable, port and line speed right?"
        )


class BadFrame(LinkError):
    """An answer arrived whose form or checksum is wrong; the bad bytes have been dropped."""

    def __init__(self, why: str, data: bytes = b"") -> None:
        self.data = data
        shown = f": {data[:32]!r}" if data else ""
        super().__init__(f"damaged answer ({why}){shown}. Check cable and shielding if it comes again.")


class LinkClosed(LinkError):
    """The port is not open or has gone away."""


class InstrumentError(PvdctlError):
    """The instrument answered, and the answer is no. Repeating the request will not help."""


class Restarted(InstrumentError):
    """The instrument says it was switched off and on since the last request: its settings must be written again."""


class RecordError(PvdctlError):
    """The record cannot be written or read. Nothing new is started while this holds."""


class Bug(PvdctlError):
    """pvdctl is at fault; please report it with the text."""
