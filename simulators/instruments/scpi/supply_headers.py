"""Headers of the simulated supply, from the Keysight N5700 and N8700 user guides; capitals are the short form."""

from simulators.instruments.scpi.grammar import Headers

VOLT = "[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]"
CURR = "[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude]"
OVP = "[SOURce:]VOLTage:PROTection[:LEVel]"
OUTP = "OUTPut[:STATe]"
OVP_CLEAR = "OUTPut:PROTection:CLEar"
MEAS_VOLT = "MEASure[:SCALar]:VOLTage[:DC]"
MEAS_CURR = "MEASure[:SCALar]:CURRent[:DC]"
QUES = "STATus:QUEStionable:CONDition"
OPER = "STATus:OPERation:CONDition"
ERROR = "SYSTem:ERRor[:NEXT]"
REMOTE = "SYSTem:REMote"
LOCAL = "SYSTem:LOCal"
HEADERS = Headers(
    (
        "*IDN", "*CLS", "*RST", "*OPC", VOLT, CURR, OVP, OUTP, OVP_CLEAR, MEAS_VOLT, MEAS_CURR, QUES, OPER,
        ERROR, REMOTE, LOCAL,
    )
)  # fmt: skip
