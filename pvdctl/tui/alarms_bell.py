"""When the terminal's bell rings: once for each grave alarm that comes while somebody could hear it."""

from typing import Final

from pvdctl.service.messages import Alarm, Snapshot

GRAVE: Final = ("critical", "high")


def gravest(snapshot: Snapshot) -> Alarm | None:
    """The critical or high alarm that waits for acknowledgement: the first of its cascade, else the first listed."""
    waiting = [alarm for alarm in snapshot.alarms if alarm.priority in GRAVE and alarm.needs_acknowledgement]
    return next((alarm for alarm in waiting if alarm.first_out), waiting[0] if waiting else None)


class Bell:
    """Remembers what it has rung for. Those that stand when the screens are opened are seen, and ring nothing."""

    def __init__(self) -> None:
        self._boot = ""
        self._known: dict[str, float] = {}
        """By alarm: when it last came."""

    def rings(self, snapshot: Snapshot) -> bool:
        """Whether a grave alarm has come since the last snapshot; one that chatters rings once only."""
        first = snapshot.boot != self._boot
        if first:
            self._boot = snapshot.boot
            self._known.clear()
        new = False
        for alarm in snapshot.alarms:
            if alarm.priority not in GRAVE or not alarm.needs_acknowledgement:
                continue
            before = self._known.get(alarm.name)
            new = new or before is None or (alarm.raised_s > before and not alarm.chattering)
            self._known[alarm.name] = alarm.raised_s
        return new and not first
