"""How fast the chamber fills: through an open valve, or by a flow controller."""

from pvdctl.chamber.model import Chamber
from pvdctl.quantities import MBAR_L_PER_S_PER_SCCM


def fill_rate_mbar_per_s(chamber: Chamber, gas: str, flow_sccm: float | None) -> float:
    """Rise of the chamber pressure while `gas` flows in; `flow_sccm` None: as much as valve and controller let in.

    Raises KeyError for a gas the chamber does not have.
    """
    inlet = chamber.gases[gas]
    open_mbar_per_s = inlet.fill_rate_mbar_per_s
    if flow_sccm is None:
        flow_sccm = inlet.max_flow_sccm
    if flow_sccm is None:
        return open_mbar_per_s
    return min(open_mbar_per_s, flow_sccm * MBAR_L_PER_S_PER_SCCM / chamber.vacuum.volume_l)
