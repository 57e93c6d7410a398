"""The static check: what it finds, where it says so, and that the shipped recipes pass."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvdctl.chamber.load import LoadedChamber, load_chamber, parse_chamber
from pvdctl.chamber.problems import BadFile
from pvdctl.recipe.check import check
from pvdctl.recipe.findings import Finding, errors
from pvdctl.recipe.load import load_recipe, parse_recipe
from pvdctl.recipe.plan import plan
from tests.recipe.files import CHAMBER, RECIPE, RECIPES, spoilt


@pytest.fixture(scope="module")
def chamber() -> LoadedChamber:
    return load_chamber(CHAMBER)


def found(text: str | bytes, chamber: LoadedChamber) -> list[str]:
    raw = text if isinstance(text, bytes) else text.encode()
    return [finding.line("r.yaml") for finding in check(parse_recipe(raw, "r.yaml"), chamber)]


def without(*names: str) -> str:
    """RECIPE without the steps of these names."""
    head, *steps = RECIPE.split("  - do: ")
    return head + "".join(f"  - do: {s}" for s in steps if not any(f"    name: {n}\n" in s for n in names))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_shipped_recipes_pass_without_a_word(path: Path, chamber: LoadedChamber) -> None:
    assert check(load_recipe(path), chamber) == []


def test_the_sample_passes_without_a_word(chamber: LoadedChamber) -> None:
    assert found(RECIPE, chamber) == []


ERRORS = [
    ("film: Zn", "film: zn", "r.yaml:12:11: error: step zinc, at steps[1].film: wanted a film of the chamber file, "
     "found 'zn'; did you mean 'Zn'?"),
    ("film: Zn", "film: Mg", "r.yaml:12:11: error: step zinc, at steps[1].film: wanted a film of the chamber file, "
     "found 'Mg'; there are: Zn, Li"),
    ("gas: n2", "gas: n", "r.yaml:27:10: error: step nitrogen, at steps[3].gas: wanted a gas of the chamber file, "
     "found 'n'; did you mean 'n2'?"),
    ("gas: n2", "gas: ar", "r.yaml:27:10: error: step nitrogen, at steps[3].gas: wanted a gas for process, found "
     "'ar', which is for vent only; there are: n2"),
    ("gas: ar", "gas: n2", "r.yaml:47:10: error: step vent, at steps[7].gas: wanted a gas for vent, found 'n2', "
     "which is for process only; there are: ar"),
    ("300 nm", "3 µm", "r.yaml:13:16: error: step zinc, at steps[1].thickness: wanted at most the charge of zinc "
     "(3000 mg), found about 4.21e+03 mg up to this step"),
    ("rate: 0.5 nm/s", "rate: 50 nm/s", "r.yaml:14:11: error: step zinc, at steps[1].rate: wanted a rate below about "),
    ("qualify_within: 90 s", "qualify_within: 10 s", "r.yaml:17:21: error: step zinc, at steps[1].qualify_within: "
     "wanted more than 10 s (in_band_for, and limits.shutter_settle of the chamber), found 10 s"),
    ("below: 5e-6 mbar", "below: 1e-9 mbar", "r.yaml:8:12: error: step pump, at steps[0].below: wanted at least "
     "5e-09 mbar, the least a gauge can show, found 1e-09 mbar"),
    ("below: 5e-6 mbar", "below: 1 mbar", "r.yaml:8:12: error: step pump, at steps[0].below: wanted less than the "
     "crossover pressure (0.1 mbar), found 1 mbar; for rough vacuum use evacuate"),
    ("below: 5e-6 mbar", "below: 5e-4 mbar", "r.yaml:10:9: error: step zinc, at steps[1].do: wanted less than "
     "0.0001 mbar before a source is heated (limits.deposition_pressure), found a pump_down to 0.0005 mbar only"),
    ("name: cool\n    within: 30 min", "name: cool\n    within: 1 min", "r.yaml:24:13: error: step cool, at "
     "steps[2].within: wanted at least 2 min 10 s, when the last source counts as cold, found 1 min 00 s"),
    ("pressure: 500 mbar", "pressure: 950 mbar", "r.yaml:28:15: error: step nitrogen, at steps[3].pressure: wanted "
     "less than atmosphere (900 mbar), found 950 mbar; to open the chamber use vent"),
    ("pressure: 500 mbar", "pressure: 790 mbar", "r.yaml:28:15: error: step nitrogen, at steps[3].pressure: wanted "
     "pressure and tolerance below 800 mbar, where interlock n2_overfill closes n2_valve, found 825 mbar"),
    ("below: 0.1 mbar", "below: 0.01 mbar", "r.yaml:35:12: error: step evacuate, at steps[4].below: wanted at least "
     "the crossover pressure (0.1 mbar): the roughing pump works alone, found 0.01 mbar; for less use pump_down"),
    ("to: 950 mbar", "to: 500 mbar", "r.yaml:48:9: error: step vent, at steps[7].to: wanted at least atmosphere "
     "(900 mbar), found 500 mbar; to fill with less use backfill"),
    ("to: 950 mbar", "to: 2 bar", "r.yaml:48:9: error: step vent, at steps[7].to: wanted a pressure within the range "
     "of a gauge (5e-09 mbar to 5 mbar, 0.5 mbar to 1000 mbar), found 2000 mbar"),
    ('["yes", "no"]', '["yes", "yes"]', "r.yaml:40:14: error: step agree, at steps[5].answers: wanted different "
     "answers, found yes, yes"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "sentence"), ERRORS, ids=[new.strip() for _, new, _ in ERRORS])
def test_errors(old: str, new: str, sentence: str, chamber: LoadedChamber) -> None:
    lines = found(spoilt(RECIPE, old, new), chamber)
    assert lines
    assert any(line.startswith(sentence) for line in lines), lines


def test_reachability(chamber: LoadedChamber) -> None:
    (line,) = found(without("pump"), chamber)[:1]
    assert line.endswith("step zinc, at steps[0].do: wanted a pump_down before (high vacuum), found unknown")
    lines = found(without("cool"), chamber)
    assert any(
        "step nitrogen, at steps[2].do: wanted a cool_down before gas, found sources hot since 'zinc'" in x
        for x in lines
    )
    assert any("step vent, at steps[6].do: wanted a cool_down before venting" in x for x in lines)
    head = RECIPE.split("steps:\n")[0] + "steps:\n"
    steps = {s.split("name: ")[1].split("\n")[0]: f"  - do: {s}" for s in RECIPE.split("  - do: ")[1:]}

    def recipe(*names: str) -> str:
        """A recipe of these steps; a repeated one gets another name."""
        text = head
        for n, name in enumerate(names):
            text += steps[name].replace(f"name: {name}\n", f"name: {name}_{n}\n")
        return text

    assert found(recipe("pump", "zinc", "cool", "nitrogen", "evacuate", "pump", "zinc"), chamber) == []
    (line,) = found(recipe("pump", "zinc", "cool", "nitrogen", "evacuate", "zinc"), chamber)
    assert "wanted a pump_down before (high vacuum), found rough vacuum" in line
    (line,) = found(recipe("pump", "cool", "nitrogen", "nitrogen", "evacuate"), chamber)
    assert "wanted an evacuate or pump_down before, so that the gas is pure, found gas in the chamber" in line
    (line,) = found(recipe("pump", "cool", "nitrogen"), chamber)
    assert ": warning: step nitrogen_2, at steps[2].do: wanted an evacuate after the last backfill" in line
    (line,) = found(recipe("pump", "evacuate"), chamber)
    assert ": warning: step evacuate_1, at steps[1].do: wanted gas to pump out, found high vacuum already" in line
    (line,) = found(recipe("vent"), chamber)
    assert "wanted a cool_down before venting, found none" in line
    (line,) = found(recipe("cool", "vent", "nitrogen", "evacuate"), chamber)
    assert "found vented" in line


WARNINGS = [
    ("300 nm", "1600 nm", "thickness: wanted at most 70% of the charge of zinc"),
    ("300 nm", "3 nm", "thickness: wanted a film of at least 10 s at its rate, found 6 s"),
    ("rate: 0.5 nm/s", "rate: 5 nm/s", "rate: wanted a rate near 0.5 nm/s, where the control was tuned"),
    ("rate: 0.5 nm/s", "rate: 0.05 nm/s", "rate: wanted conditioning of zinc that ends near the rate, found ramp_2_to"),
    ("tolerance: 10 %", "tolerance: 0.1 %", "tolerance: wanted at least"),
    (
        "tolerance: 10 %",
        "tolerance: 10 %\n    thickness_tolerance: 0.04 %",
        "thickness_tolerance: wanted at least 0.042 %, the film that grows in one measuring period of the monitor",
    ),
    ("within: 60 min", "within: 3 min", "within: wanted about 5 min"),
    (
        "duration_starts: at_pressure\n    within: 5 min",
        "duration_starts: at_pressure\n    within: 20 s",
        "within: wanted ",
    ),
]


@pytest.mark.parametrize(("old", "new", "part"), WARNINGS, ids=[new.strip() for _, new, _ in WARNINGS])
def test_warnings_do_not_keep_a_recipe_from_running(old: str, new: str, part: str, chamber: LoadedChamber) -> None:
    recipe = parse_recipe(spoilt(RECIPE, old, new), "r.yaml")
    findings = check(recipe, chamber)
    assert {f.severity for f in findings} == {"warning"}
    assert any(part in f.line("r.yaml") for f in findings), [f.line("r.yaml") for f in findings]
    assert plan(recipe, chamber).warnings == tuple(findings)


def test_a_single_crystal_cannot_be_switched() -> None:
    text = CHAMBER.read_text().replace("sensors: [1, 2]", "sensors: [1]")
    text = text.replace("{1: 92 %, 2: 95 %}", "{1: 92 %}").replace("{1: 104 %, 2: 107 %}", "{1: 104 %}")
    (line,) = found(RECIPE, parse_chamber(text.encode(), "c.yaml"))
    assert "on_crystal_fail: wanted a second crystal in the chamber, found one sensor; choose hold" in line


def test_crystal_life_is_added_up(chamber: LoadedChamber) -> None:
    text = CHAMBER.read_text().replace("charge: 3 g", "charge: 300 g")
    deposit = "  - do: deposit" + RECIPE.split("  - do: deposit")[1].split("  - do: ")[0].replace("300 nm", "5 µm")
    head = RECIPE.split("  - do: deposit")[0]
    text_of = head + "".join(deposit.replace("name: zinc", f"name: zinc{n}") for n in range(3))
    lines = found(text_of, parse_chamber(text.encode(), "c.yaml"))
    assert [line.split(": ")[1] for line in lines] == ["warning", "error"]
    assert "zinc1" in lines[0]
    assert "begin with new crystals" in lines[0]
    assert "zinc2" in lines[1]
    assert "wanted at most 90 % of a new crystal's life" in lines[1]


def test_findings_come_in_the_order_of_the_steps(chamber: LoadedChamber) -> None:
    text = (
        RECIPE.replace("film: Zn", "film: X").replace("gas: n2", "gas: x").replace("below: 5e-6 mbar", "below: 1 bar")
    )
    lines = found(text, chamber)
    places = [int(line.split(":")[1]) for line in lines]
    assert places == sorted(places)
    assert lines == found(text, chamber)


# --- plan -------------------------------------------------------------------------------------------------------------
def test_plan_follows_every_name(chamber: LoadedChamber) -> None:
    made = plan(parse_recipe(RECIPE.encode(), "r.yaml"), chamber)
    zinc, nitrogen, vent = made.steps[1], made.steps[3], made.steps[7]
    assert zinc.film is chamber.model.films["Zn"]
    assert zinc.source is chamber.model.sources["zinc"]
    assert (zinc.film_name, zinc.source_name) == ("Zn", "zinc")
    assert nitrogen.gas is chamber.model.gases["n2"]
    assert vent.gas_name == "ar"
    assert [s.index for s in made.steps] == list(range(8))


def test_estimates_are_those_of_the_simulated_plant(chamber: LoadedChamber) -> None:
    """The plant itself (its figures, seed-free): rough 161 s to 0.1 mbar, run-up 168 s, fill 44 s, out again 149 s."""
    made = plan(load_recipe(CHAMBER.parents[1] / "recipes" / "lzln.yaml"), chamber)
    pump, zinc, lithium, cool, nitrogen, evacuate = (s.expected_s for s in made.steps)
    assert pump == pytest.approx(161 + 168 + 15, rel=0.1)
    assert zinc == pytest.approx(180 + 15 + 600 + 24, rel=0.05)
    assert lithium == pytest.approx(180 + 15 + 200 + 11, rel=0.07)
    assert cool == 240.0
    assert nitrogen == pytest.approx(44 + 180, rel=0.02)
    assert evacuate == pytest.approx(149, rel=0.07)
    assert made.expected_s == pytest.approx(sum((pump, zinc, lithium, cool, nitrogen, evacuate)))
    assert made.uses_mg["zinc"] == pytest.approx(420.0, rel=0.03)
    assert made.uses_mg["lithium"] == pytest.approx(10.5, rel=0.06)


def test_a_plan_of_a_wrong_recipe_is_refused_with_all_errors(chamber: LoadedChamber) -> None:
    text = RECIPE.replace("film: Zn", "film: X").replace("gas: n2", "gas: x")
    with pytest.raises(BadFile) as caught:
        plan(parse_recipe(text.encode(), "r.yaml"), chamber)
    assert [problem.at for problem in caught.value.problems] == ["steps[1].film", "steps[3].gas"]


def test_dose_counted_from_the_first_gas_is_shorter(chamber: LoadedChamber) -> None:
    late = plan(parse_recipe(RECIPE.encode(), "r.yaml"), chamber).steps[3].expected_s
    text = RECIPE.replace("at_pressure", "at_first_gas")
    assert plan(parse_recipe(text.encode(), "r.yaml"), chamber).steps[3].expected_s == 180.0 < late


STEPS = RECIPE.split("  - do: ")[1:]
HEAD = RECIPE.split("  - do: ")[0]


@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=9))
def test_any_order_of_steps_is_judged_and_a_good_one_is_safe(steps: list[str]) -> None:
    """Whatever passes heats only in high vacuum and lets gas in only after cooling down."""
    chamber = _chamber()
    text = HEAD + "".join(f"  - do: {s}".replace("    name: ", f"    name: n{n}_") for n, s in enumerate(steps))
    recipe = parse_recipe(text.encode(), "r.yaml")
    findings: list[Finding] = check(recipe, chamber)
    vacuum, hot = "", False
    safe = True
    for step in recipe.model.steps:
        if step.do == "pump_down":
            vacuum = "high"
        elif step.do == "deposit":
            safe = safe and vacuum == "high"
            hot = True
        elif step.do == "cool_down":
            hot = False
        elif step.do in ("backfill", "vent"):
            safe = safe and not hot
            vacuum = "gas"
        elif step.do == "evacuate":
            vacuum = "rough"
    if not safe:
        assert errors(findings)
    if not errors(findings):
        assert len(plan(recipe, chamber).steps) == len(steps)


_KEPT: list[LoadedChamber] = []


def _chamber() -> LoadedChamber:
    if not _KEPT:
        _KEPT.append(load_chamber(CHAMBER))
    return _KEPT[0]


def test_a_thickness_tolerance_is_the_author_s_to_give(chamber: LoadedChamber) -> None:
    given = RECIPE.replace("tolerance: 10 %", "tolerance: 10 %\n    thickness_tolerance: 2 %")
    assert found(given, chamber) == []
