"""Telnet between two programs: what is data, what is command, and what both ends have agreed to (RFC 854, 855).

Bytes only: no socket, no clock. `links.rfc2217_port` speaks it with serial servers.
"""

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
"""Commands, RFC 854 page 14: interpret as command; the four of negotiation; start and end of a subnegotiation."""
FIRST_PLAIN = 241
"""From here (NOP) to below SB stand commands of two bytes that ask for nothing here: NOP keeps connections alive."""
LONGEST_TOLD = 256
"""Bytes of one subnegotiation, a choice: those of RFC 2217 have 3 to 8, apart from a server's name."""
_ANSWERS = {DO: (WILL, WONT), WILL: (DO, DONT)}
_WITHDRAWN = {DONT: DO, WONT: WILL}
_DOUBLED = bytes((IAC, IAC))


class Telnet:
    """One end of a telnet connection.

    ours: options this end offers. theirs: options it wants of the other end. Anything else is refused.
    """

    __slots__ = ("_asked", "_held", "_on", "_wanted", "refused", "replies", "told")

    def __init__(self, ours: tuple[int, ...], theirs: tuple[int, ...]) -> None:
        self._wanted = frozenset({(DO, option) for option in ours} | {(WILL, option) for option in theirs})
        """By the word with which the other end agrees: DO to what we do, WILL to what it does."""
        self._asked: set[tuple[int, int]] = set()
        self._on: set[tuple[int, int]] = set()
        self._held = bytearray()
        self.refused: set[int] = set()
        """Options the other end has said no to, whoever was to do them."""
        self.replies = bytearray()
        """To be sent to the other end, and then cleared."""
        self.told: list[bytes] = []
        """Subnegotiations: the option's number and what follows. To be read, and then cleared."""

    def asking(self) -> bytes:
        """The requests for all that this end wants; to be sent first."""
        self._asked |= self._wanted
        return b"".join(bytes((IAC, _ANSWERS[word][0], option)) for word, option in sorted(self._wanted))

    def does(self, option: int) -> bool:
        """Whether the other end has agreed that this one does `option`."""
        return (DO, option) in self._on

    def take(self, data: bytes) -> bytes:
        """The data in what came. Commands go to `told` and `replies`; a part of one is kept until the rest comes.

        Raises ConnectionError for what no telnet end can have said.
        """
        held = self._held
        if not held and IAC not in data:
            return data
        held += data
        plain = bytearray()
        at = 0
        while at < len(held):
            start = held.find(IAC, at)
            if start < 0:
                start = len(held)
            plain += held[at:start]
            at = self._after_command(start, plain)
            if at == start:
                break
        del held[:at]
        return bytes(plain)

    def _after_command(self, at: int, plain: bytearray) -> int:
        """Obey the command that starts at `at`; where it ends, or `at` if its end has not come yet."""
        held = self._held
        if at + 2 > len(held):
            return at
        word = held[at + 1]
        if word == IAC:
            plain.append(IAC)
            return at + 2
        if word == SB:
            return self._after_told(at)
        if word >= WILL:
            if at + 3 > len(held):
                return at
            self._negotiate(word, held[at + 2])
            return at + 3
        if word < FIRST_PLAIN:
            raise ConnectionError(_not_telnet(held[at : at + 2]))
        return at + 2

    def _after_told(self, at: int) -> int:
        held = self._held
        end = at + 2
        while (end := held.find(IAC, end)) >= 0 and end + 1 < len(held):
            if held[end + 1] == SE:
                self.told.append(bytes(held[at + 2 : end]).replace(_DOUBLED, b"\xff"))
                return end + 2
            if held[end + 1] != IAC:
                raise ConnectionError(_not_telnet(held[end : end + 2]))
            end += 2
        if len(held) - at > LONGEST_TOLD:
            raise ConnectionError(_not_telnet(held[at : at + 8]))
        return at

    def _negotiate(self, word: int, option: int) -> None:
        """Only changes are answered, or two ends would answer each other for ever (RFC 854, page 3)."""
        if word in _ANSWERS:
            key = (word, option)
            yes, no = _ANSWERS[word]
            if key not in self._wanted:
                self.replies += bytes((IAC, no, option))
            elif key not in self._on:
                self._on.add(key)
                if key not in self._asked:
                    self.replies += bytes((IAC, yes, option))
        else:
            key = (_WITHDRAWN[word], option)
            self.refused.add(option)
            if key in self._on:
                self._on.discard(key)
                self.replies += bytes((IAC, _ANSWERS[key[0]][1], option))
        self._asked.discard(key)


def escaped(data: bytes) -> bytes:
    """`data` as it is sent: a byte 255 is doubled."""
    return data.replace(b"\xff", _DOUBLED)


def told(option: int, about: bytes) -> bytes:
    """A subnegotiation as it is sent."""
    return bytes((IAC, SB, option)) + escaped(about) + bytes((IAC, SE))


def _not_telnet(found: bytes | bytearray) -> str:
    return (
        f"{bytes(found).hex(' ')} came where telnet has no such command; a port of a serial server that "
        "speaks no telnet is named socket://host:port in the chamber file"
    )
