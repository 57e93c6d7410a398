"""What screens are told of the film: a rate has a target and a band only while a layer is under way."""

from pathlib import Path

from pvdctl.process.states import State
from pvdctl.service.messages import Layer
from tests.service.inside import ROOT, Inside


def test_a_target_of_the_rate_goes_with_its_layer(tmp_path: Path) -> None:
    inside = Inside(tmp_path, ROOT / "recipes")
    context = inside.control.controller.context

    def layer() -> Layer:
        job = inside.seen().job
        assert job is not None
        return job.layer

    def targets() -> tuple[float, float, float]:
        now = layer()
        return now.rate_target_nm_per_s, now.band_percent, now.target_nm

    try:
        inside.ready()
        inside.lead("start", recipe="lizn")
        inside.until(lambda: context.phase == "rough")
        assert targets() == (0.0, 0.0, 0.0)
        inside.until(lambda: context.phase == "deposit", 1800.0)
        assert targets() == (0.5, 10.0, 300.0)
        inside.ask("hold", reason="a look")
        inside.until(lambda: inside.state is State.HELD)
        assert targets() == (0.5, 10.0, 300.0)
        inside.lead("unhold", reason="looked")
        inside.until(lambda: context.phase == "cool down", 1800.0)
        assert targets() == (0.0, 0.0, 300.0)
        inside.until(lambda: inside.state is State.COMPLETE, 1800.0)
        assert targets() == (0.0, 0.0, 300.0)
    finally:
        inside.close()
