"""What a deposit does when something goes wrong: hold, stop, go on by time, or go on with another crystal."""

from pvdctl.process.context import Context
from pvdctl.process.steps.authority import RateAuthority, Trouble
from pvdctl.process.steps.band import Band
from pvdctl.process.steps.layer import Layer
from pvdctl.recipe.model import Deposit


class Reactions:
    """Does what the recipe says about a failure."""

    def __init__(self, context: Context, step: Deposit, layer: Layer, authority: RateAuthority, band: Band) -> None:
        self._context = context
        self._step = step
        self._layer = layer
        self._authority = authority
        self._band = band
        self._of_recipe = {
            "rate_error": step.on_rate_error,
            "crystal_fail": step.on_crystal_fail,
            "lost_reading": step.on_lost_reading,
        }

    def to(self, trouble: Trouble) -> None:
        """React to trouble with the source, or with who heats it."""
        self.react(self._of_recipe.get(trouble.reaction, trouble.reaction), trouble.alarm, trouble.text)

    def crystal_failed(self, text: str) -> None:
        """The crystal in use cannot be used any more."""
        self.react(self._step.on_crystal_fail, "crystal_fail", text)

    def react(self, reaction: str, alarm: str, text: str) -> None:
        """Raise `alarm` and hold, stop, switch the crystal or go on at timed power; a hold where that cannot be."""
        context, layer = self._context, self._layer
        if reaction == "switch_crystal":
            why_not = self._authority.go_on(reaction, 0.0) if layer.spares else "no further crystal is left"
            if not why_not:
                context.alarm(alarm, text)
                self._switch_crystal(text)
                return
            text += f"; {why_not}"
            reaction = "hold"
        if reaction == "timed_power":
            if context.phase == "deposit" and layer.good_rate_nm_per_s > 0.0:
                why_not = self._authority.go_on(reaction, layer.good_current_a)
                if not why_not:
                    context.alarm(alarm, text)
                    layer.begin_timed()
                    context.set_phase("timed power", text)
                    return
                text += f"; {why_not}"
            else:
                text += "; timed power is possible only while depositing at a good rate"
            reaction = "hold"
        context.trouble(alarm, reaction, text)

    def _switch_crystal(self, why: str) -> None:
        """Go on with the next crystal; the film goes on being counted."""
        context, layer, band = self._context, self._layer, self._band
        new = layer.spares[0]
        old = layer.another_crystal()
        if layer.crystal is old:
            context.trouble("crystal_fail", "hold", f"{why}; crystal {new.number}: {new.lost}")
            return
        if not layer.count.is_open and band.source_open_s is not None:
            band.source_open_s = context.now_s  # this crystal's rate has to settle and qualify from the beginning
            band.in_since_s = None
        if context.phase == "crystal verify":
            layer.verify_anew()
            context.set_phase("crystal verify", f"crystal {new.number}")
        context.emit(
            "crystal",
            self._step.name,
            f"crystal {old.number} given up, going on with crystal {new.number}",
            why=why,
            old=old.number,
            new=new.number,
        )
