"""Derived readings: what the chamber's raw readings mean, as tags of their own.

chamber_pressure, foreline_pressure (mbar), turbo_percent (%), source_current (A), sources_off, sources_cold,
ion_gauge_on, watchdog_tripped, supply_tripped: the names that interlock rules and steps use beside inputs and gauges.
"""

from pvdctl.instrument.tag import BAD, GOOD, UNCERTAIN, Tag
from pvdctl.process.equipment import Equipment
from pvdctl.process.image import Image

IMPLAUSIBLE_RATIO = 30.0
"""A pressure below 1e-2 mbar that changes more than this from one reading to the next, with nothing moved, is a
gauge's fault and not the chamber's. A guess: pumps change pressure tenfold in seconds only just after a valve moved."""
_NOTHING_SEEN = frozenset(("sensor off", "underrange"))
"""States of the low gauge in which it has nothing to say, and is not broken either."""
SETTLE_S = 10.0
"""How long after a valve or pump has moved any change of pressure is believed. A guess, several pump-out times
(70 L over 200 L/s is 0.35 s)."""


class Readings:
    """Keeps the derived tags up to date; `update` once per scan, after the image was taken."""

    def __init__(self, equipment: Equipment, image: Image) -> None:
        chamber = equipment.chamber
        self._chamber = chamber
        self._equipment = equipment
        for name in chamber.io.inputs:
            image.add(equipment.io.inputs[name], name)
        self._gauges: dict[str, Tag] = {}
        for name, gauge in chamber.gauges.items():
            tag = equipment.gauge_controllers[gauge.instrument].pressures_mbar[gauge.channel]
            self._gauges[name] = image.add(tag, name)
        self.chamber_pressure = image.derived("chamber_pressure", "mbar")
        self.foreline_pressure = image.derived("foreline_pressure", "mbar")
        self.turbo_percent = image.derived("turbo_percent", "%")
        self.source_current = image.derived("source_current", "A")
        self.sources_off = image.derived("sources_off", "")
        self.sources_cold = image.derived("sources_cold", "")
        self.ion_gauge_on = image.derived("ion_gauge_on", "")
        self.watchdog_tripped = image.derived("watchdog_tripped", "")
        self.supply_tripped = image.derived("supply_tripped", "")
        on_chamber = [(g, self._gauges[n]) for n, g in chamber.gauges.items() if g.measures == "chamber"]
        on_chamber.sort(key=lambda pair: pair[0].from_mbar)
        self._low, self._high = on_chamber[0], on_chamber[-1]
        # Taken out of the chamber file once: a look into a model costs as much as twenty other steps.
        self._high_from_mbar = self._high[0].from_mbar
        self._hand_over_high_mbar = chamber.vacuum.hand_over_high_mbar
        self._hand_over_low_mbar = chamber.vacuum.hand_over_low_mbar
        self._off_current_a = chamber.limits.source_off_current_a
        name, gauge = next((n, g) for n, g in chamber.gauges.items() if g.measures == "foreline")
        self._foreline_gauge, self._foreline_from_mbar = self._gauges[name], gauge.from_mbar
        self._ion = [self._gauges[n] for n, g in chamber.gauges.items() if g.ion]
        self._speaks_high = True
        self._supplies = tuple(equipment.supplies.values())
        self._speed, self._nominal = equipment.turbo.speed_hz, equipment.turbo.nominal_hz
        contactor = chamber.io.supply_enabled_input
        self.supply_enabled = image[contactor] if contactor is not None else None
        """The input that says the supplies' contactor is closed, where the chamber has one."""
        self.hot_until_s = 0.0
        """When the last heated source counts as cold; every source counts as hot at start, for we cannot know."""
        self._longest_cool_s = max(source.cold_after_s for source in chamber.sources.values())
        self._first = True
        self._watchdog = equipment.io.watchdog_tripped
        self._image = image
        self._moved_s = float("-inf")
        self._last_mbar = 0.0
        tags = [*self._gauges.values(), self._speed, self._nominal, self._watchdog]
        for supply in self._supplies:
            tags += [supply.current_a, supply.output_on, supply.tripped]
        if self.supply_enabled is not None:
            tags.append(self.supply_enabled)
        self._polls = tuple({id(t.source): t.source for t in tags if t.source is not None}.values())
        self._changes = -1
        self._seen: list[object] = [self]
        self.disagreement = ""
        """Why the chamber pressure is not believed, when two gauges or two moments contradict each other."""

    def moved(self, now_s: float) -> None:
        """A valve or pump has been moved: pressure may jump."""
        self._moved_s = now_s

    def gauge(self, name: str) -> Tag:
        """A gauge's reading by the chamber file's name."""
        return self._gauges[name]

    def update(self, now_s: float) -> None:
        """Derive anew what rests on polls that have brought something, or have grown stale, since the last scan."""
        changes = self._image.changes
        if changes != self._changes:
            self._changes = changes
            seen: list[object] = [None if poll.stale else poll.values for poll in self._polls]
            if seen != self._seen:
                self._seen = seen
                self._pressures(now_s)
                self._foreline()
                self._ion_gauge()
                self._turbo()
                self._sources()
                _copy(self._watchdog, self.watchdog_tripped)
        if not self.sources_off.value or self._first:
            self._first = False
            self.hot_until_s = now_s + self._longest_cool_s
        cold = self.sources_cold
        cold.value = now_s >= self.hot_until_s
        cold.quality = GOOD

    def _turbo(self) -> None:
        speed, nominal = self._speed, self._nominal
        if speed.quality == GOOD and nominal.quality == GOOD:
            self.turbo_percent.set(100.0 * float(speed.value or 0.0) / float(nominal.value or 1.0))
        else:
            self.turbo_percent.spoil(speed.why if speed.quality != GOOD else nominal.why)

    def _foreline(self) -> None:
        gauge = self._foreline_gauge
        if gauge.quality == GOOD:
            self.foreline_pressure.set(gauge.value or 0.0)
        elif gauge.why == "underrange":
            self.foreline_pressure.set(self._foreline_from_mbar)
        else:
            self.foreline_pressure.spoil(f"{gauge.name}: {gauge.why}")

    def _pressures(self, now_s: float) -> None:
        """Choose which chamber gauge speaks, with hysteresis; fall back to the other where it is in its range."""
        (low_gauge, low), (high_gauge, high) = self._low, self._high
        low_mbar, high_mbar = low.number(), high.number()
        if high_mbar is not None and high_mbar > self._hand_over_high_mbar:
            self._speaks_high = True
        elif low_mbar is not None and (
            high.why == "underrange" if high_mbar is None else high_mbar < self._hand_over_low_mbar
        ):
            self._speaks_high = False
        pressure = self.chamber_pressure
        speaker, value = (high, high_mbar) if self._speaks_high else (low, low_mbar)
        under = high.why == "underrange" if high_mbar is None else high_mbar < self._high_from_mbar
        if low_mbar is None and under and low.why in _NOTHING_SEEN:
            # Not measured, but bounded: the high gauge says less than the low end of its range. The bound is on the
            # safe side of every rule that wants the pressure low. A full-range gauge is in underrange for a moment in
            # every pump-down, when its Pirani has ended and its cold cathode does not burn yet.
            pressure.set(high_gauge.from_mbar)
            self.disagreement = ""
            return
        if value is None or (low_mbar is None and under):
            other_gauge, other, other_mbar = (
                (low_gauge, low, low_mbar) if self._speaks_high else (high_gauge, high, high_mbar)
            )
            if other_mbar is None:
                pressure.spoil(f"{speaker.name}: {speaker.why or 'below its range'}; {other.name}: {other.why}")
                return
            if not other_gauge.from_mbar <= other_mbar <= other_gauge.to_mbar:
                pressure.spoil(f"{speaker.name}: {speaker.why}")
                return
            speaker, value = other, other_mbar
        self.disagreement = self._disagreement(value, low_mbar, high_mbar, speaker.name, now_s)
        pressure.value = value
        pressure.source = speaker.source
        if self.disagreement:
            pressure.spoil(self.disagreement, UNCERTAIN)
        else:
            pressure.quality = GOOD
            self._last_mbar = value

    def _disagreement(
        self, value: float, low_mbar: float | None, high_mbar: float | None, speaker: str, now_s: float
    ) -> str:
        """Why the pressure is not to be believed: two gauges, or two moments, contradict each other; else empty."""
        (high_gauge, high), (_, low) = self._high, self._low
        if low_mbar is not None:
            if high_mbar is not None and high_mbar > 10.0 * self._high_from_mbar:
                if not 0.1 < low_mbar / high_mbar < 10.0:
                    return f"{low.name} says {low_mbar:.1e} mbar and {high.name} {high_mbar:.1e} mbar"
            elif high_mbar is None and high.why == "underrange" and low_mbar > 20.0 * self._high_from_mbar:
                return (
                    f"{low.name} says {low_mbar:.1e} mbar and {high.name} says less than {high_gauge.from_mbar:g} mbar"
                )
        last = self._last_mbar
        if now_s - self._moved_s > SETTLE_S and 0.0 < last < 1e-2 and value < 1e-2:
            ratio = value / last
            if ratio > IMPLAUSIBLE_RATIO or ratio < 1.0 / IMPLAUSIBLE_RATIO:
                return f"{speaker} went from {last:.1e} to {value:.1e} mbar at once although nothing was moved"
        return ""

    def _sources(self) -> None:
        """Off and cold, from read-back alone.

        A supply that does not answer counts as on, unless its contactor is read back open.
        """
        most_a, off, why, unread, tripped = 0.0, True, "", "", False
        enabled = self.supply_enabled
        cut = enabled is not None and enabled.quality == GOOD and not enabled.value
        limit_a = self._off_current_a
        for supply in self._supplies:
            current, output = supply.current_a, supply.output_on
            if current.quality == GOOD:
                value = float(current.value or 0.0)
                if value > most_a:
                    most_a = value
            elif not cut:
                why = f"{current.name}: {current.why}"
            if output.quality != GOOD and not cut:
                unread = f"{output.name}: {output.why}"
            if not cut and (current.quality != GOOD or output.quality != GOOD or output.value or most_a > limit_a):
                off = False
            if supply.tripped.quality == GOOD and supply.tripped.value:
                tripped = True
        if why:
            self.source_current.spoil(why)
        else:
            self.source_current.value = most_a
            self.source_current.quality = GOOD
        self.sources_off.value = off
        if why or unread:
            self.sources_off.spoil(why or unread)
        else:
            self.sources_off.quality = GOOD
        self.supply_tripped.value = tripped
        self.supply_tripped.quality = GOOD

    def _ion_gauge(self) -> None:
        """On, off or not known: status "sensor off" is the only proof of off."""
        tag = self.ion_gauge_on
        for gauge in self._ion:
            if gauge.quality == BAD and gauge.why == "sensor off":
                continue
            if gauge.quality == GOOD or gauge.why in {"underrange", "overrange"}:
                tag.set(True)
                return
            tag.spoil(f"{gauge.name}: {gauge.why}")
            return
        tag.set(False)


def _copy(source: Tag, target: Tag) -> None:
    target.value = source.value
    target.quality = source.quality
    target.why = source.why
