"""Recipe files: what is accepted, and what each refusal says: file, line, column, wanted, found, near miss."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.chamber.problems import MOST_SHOWN, BadFile
from pvdctl.errors import OperatorError
from pvdctl.recipe.load import load_recipe, parse_recipe
from tests.recipe.files import RECIPE, RECIPES, spoilt

STEPS = "pump_down, deposit, cool_down, backfill, evacuate, vent, wait, prompt"


def complaint(raw: bytes) -> str:
    with pytest.raises(BadFile) as caught:
        parse_recipe(raw, "r.yaml")
    assert isinstance(caught.value, OperatorError)
    return str(caught.value)


# old text, new text, whole sentence of the first line of the complaint
BAD = [
    # quantities
    ("300 nm", "300", "r.yaml:13:16: at steps[1].thickness: wanted a length with its unit, such as '300 nm', "
     "found the bare number 300; write the unit behind the number"),
    ("300 nm", '"300"', "r.yaml:13:16: at steps[1].thickness: wanted a length with its unit, such as '300 nm', "
     "found the bare number '300'; write the unit behind the number"),
    ("300 nm", "-300 nm", "r.yaml:13:16: at steps[1].thickness: wanted more than 0 nm, found '-300 nm'"),
    ("300 nm", "0 nm", "r.yaml:13:16: at steps[1].thickness: wanted more than 0 nm, found '0 nm'"),
    ("tolerance: 10 %", "tolerance: 10 %\n    thickness_tolerance: 0 %", "r.yaml:16:26: at "
     "steps[1].thickness_tolerance: wanted more than 0 %, found '0 %'"),
    ("300 nm", "1e-400 nm", "r.yaml:13:16: at steps[1].thickness: wanted more than 0 nm, found '1e-400 nm'"),
    ("300 nm", "nan nm", "r.yaml:13:16: at steps[1].thickness: wanted a length with its unit, such as '300 nm', "
     "found 'nan nm'"),
    ("300 nm", ".nan", "r.yaml:13:16: at steps[1].thickness: wanted a length with its unit, such as '300 nm', "
     "found '.nan'"),
    ("300 nm", "inf nm", "r.yaml:13:16: at steps[1].thickness: wanted a length with its unit, such as '300 nm', "
     "found 'inf nm'"),
    ("300 nm", "1e999 nm", "r.yaml:13:16: at steps[1].thickness: wanted a length with its unit, such as '300 nm', "
     "found '1e999 nm', which is not finite"),
    ("300 nm", "300 s", "r.yaml:13:16: at steps[1].thickness: wanted a length with its unit, such as '300 nm', "
     "found '300 s', which is a time"),
    ("300 nm", "300 furlong", "r.yaml:13:16: at steps[1].thickness: wanted a length with its unit, such as "
     "'300 nm', found '300 furlong', whose unit 'furlong' is not known; units that fit: nm, Å, kÅ, µm, um, mm"),
    ("300 nm", "", "r.yaml:13:5: at steps[1].thickness: wanted a length with its unit, such as '300 nm', "
     "found nothing"),
    ("300 nm", "[300 nm]", "r.yaml:13:16: at steps[1].thickness: wanted a length with its unit, such as '300 nm', "
     "found a list"),
    ("300 nm", "{a: 1}", "r.yaml:13:16: at steps[1].thickness: wanted a length with its unit, such as '300 nm', "
     "found a mapping"),
    ("300 nm", "true", "r.yaml:13:16: at steps[1].thickness: wanted a length with its unit, such as '300 nm', "
     "found 'true'"),
    ("0.5 nm/s", "5 A/s", "r.yaml:14:11: at steps[1].rate: wanted a deposition rate with its unit, such as "
     "'0.5 nm/s', found '5 A/s', which is a current slew; did you mean 'Å/s'?"),
    ("0.5 nm/s", "0,5 nm/s", "r.yaml:14:11: at steps[1].rate: wanted a deposition rate with its unit, such as "
     "'0.5 nm/s', found '0,5 nm/s'; write a decimal point, not a comma"),
    ("5e-6 mbar", "5e-6", "r.yaml:8:12: at steps[0].below: wanted a pressure with its unit, such as '5e-6 mbar', "
     "found the bare number 5e-06; write the unit behind the number"),
    ("5e-6 mbar", "5e-6 mBar", "r.yaml:8:12: at steps[0].below: wanted a pressure with its unit, such as "
     "'5e-6 mbar', found '5e-6 mBar', whose unit 'mBar' is not known; did you mean 'mbar'?"),
    ("60 min", "1:30", "r.yaml:9:13: at steps[0].within: wanted a time with its unit, such as '3 min', "
     "found '1:30', whose unit ':30' is not known; units that fit: s, ms, min, h"),
    ("60 min", "017", "r.yaml:9:13: at steps[0].within: wanted a time with its unit, such as '3 min', "
     "found the bare number '017'; write the unit behind the number"),
    ("tolerance: 10 %", "tolerance: 0.1", "r.yaml:15:16: at steps[1].tolerance: wanted a ratio with its unit, "
     "such as '10 %', found the bare number 0.1; write the unit behind the number"),
    ("tolerance: 10 %", "tolerance: 101 %", "r.yaml:15:16: at steps[1].tolerance: wanted at most 100 %, "
     "found '101 %'"),
    # keys
    ("thickness: 300 nm", "thicknes: 300 nm", "r.yaml:10:5: at steps[1]: wanted the key 'thickness': a length with "
     "its unit, such as '300 nm', found no such key"),
    ("    film: Zn\n", "", "r.yaml:10:5: at steps[1]: wanted the key 'film': text, found no such key"),
    ("    duration_starts: at_pressure\n", "", "r.yaml:25:5: at steps[3]: wanted the key 'duration_starts': one of "
     "at_pressure, at_first_gas, found no such key"),
    ("    below: 5e-6 mbar\n", "    below: 5e-6 mbar\n    bellow: 1 mbar\n", "r.yaml:9:5: at steps[0].bellow: "
     "wanted only keys that are known, found 'bellow'"),
    ("    rate: 0.5 nm/s\n", "    rate: 0.5 nm/s\n    rate: 1 nm/s\n", "r.yaml:15:5: at steps[1].rate: wanted each "
     "key once, found 'rate' a second time (first in line 14); remove one of them"),
    ("    film: Zn\n", "    film: Zn\n    film: Zn\n", "r.yaml:13:5: at steps[1].film: wanted each key once, found "
     "'film' a second time (first in line 12); remove one of them"),
    ("title: A sample\n", "title: A sample\ntitle: A sample\n", "r.yaml:4:1: at title: wanted each key once, found "
     "'title' a second time (first in line 3); remove one of them"),
    ("title: A sample\n", "", "r.yaml:1:1: wanted the key 'title': text, found no such key"),
    ("title: A sample\n", "titel: A sample\n", "r.yaml:1:1: wanted the key 'title': text, found no such key"),
    ("source: nowhere", "sauce: nowhere", "r.yaml:4:1: at sauce: wanted only keys that are known, found 'sauce'; "
     "did you mean 'source'?"),
    ("source: nowhere", "5: nowhere", "r.yaml:4:1: at [5]: wanted a name as key, found the bare number 5"),
    ("source: nowhere", "true: nowhere", "r.yaml:4:1: wanted a name as key, found 'true'"),
    ("source: nowhere", "? [a, b]\n: nowhere", "r.yaml:4:3: wanted a name as key, found a list"),
    ("source: nowhere", "thickness_nm: 3", "r.yaml:4:1: at thickness_nm: wanted only keys that are known, "
     "found 'thickness_nm'; there are: source, auto_resume_within, after_hold_too_long"),
    # words
    ("do: deposit", "do: depost", f"r.yaml:10:9: at steps[1].do: wanted one of {STEPS}, found 'depost'; "
     "did you mean 'deposit'?"),
    ("do: deposit", "do: 5", f"r.yaml:10:9: at steps[1].do: wanted one of {STEPS}, found the bare number 5"),
    ("do: deposit", "does: deposit", f"r.yaml:10:5: at steps[1]: wanted the key 'do': one of {STEPS}, "
     "found no such key"),
    ("on_rate_error: hold", "on_rate_error: holt", "r.yaml:19:20: at steps[1].on_rate_error: wanted one of hold, "
     "stop, found 'holt'; did you mean 'hold'?"),
    ("on_rate_error: hold", "on_rate_error: timed_power", "r.yaml:19:20: at steps[1].on_rate_error: wanted one of "
     "hold, stop, found 'timed_power'; there are: hold, stop"),
    ("on_rate_error: hold", "on_rate_error: no", "r.yaml:19:20: at steps[1].on_rate_error: wanted one of hold, stop, "
     "found 'no'; there are: hold, stop"),
    ("switch_crystal", "switch-crystal", "r.yaml:20:22: at steps[1].on_crystal_fail: wanted one of hold, stop, "
     "timed_power, switch_crystal, found 'switch-crystal'; did you mean 'switch_crystal'?"),
    ("duration_starts: at_pressure", "duration_starts: at_presure", "r.yaml:31:22: at steps[3].duration_starts: "
     "wanted one of at_pressure, at_first_gas, found 'at_presure'; did you mean 'at_pressure'?"),
    ("name: zinc", 'name: "9 zinc"', "r.yaml:11:11: at steps[1].name: wanted a name (letters, digits and _, "
     "beginning with a letter, at most 40 characters), found '9 zinc'"),
    ("name: zinc", f"name: {'z' * 41}", "r.yaml:11:11: at steps[1].name: wanted a name (letters, digits and _, "
     f"beginning with a letter, at most 40 characters), found '{'z' * 41}'"),
    ("name: zinc", "name: 9", "r.yaml:11:11: at steps[1].name: wanted text, found the bare number 9; "
     'put it in quotes: "9"'),
    ("name: zinc", "name: true", "r.yaml:11:11: at steps[1].name: wanted text, found 'true'; put it in quotes: "
     '"true"'),
    ("name: cool\n", "name: zinc\n", "r.yaml:23:11: at steps[2].name: wanted each step name once, found 'zinc' a "
     "second time (first in line 11); rename one of them"),
    ('version: "1"', "version: 1", "r.yaml:2:10: at version: wanted text, found the bare number 1; put it in quotes: "
     '"1"'),
    ('answers: ["yes", "no"]', "answers: []", "r.yaml:40:14: at steps[5].answers: wanted at least 1 of them, "
     "found none"),
    ('answers: ["yes", "no"]', "answers: yes", "r.yaml:40:14: at steps[5].answers: wanted a list, found 'yes'"),
    ('answers: ["yes", "no"]', 'answers: ["yes", 5]', "r.yaml:40:22: at steps[5].answers[1]: wanted text, found the "
     'bare number 5; put it in quotes: "5"'),
    ("message: Vent?", 'message: ""', "r.yaml:39:14: at steps[5].message: wanted at least 1 of them, found none"),
    # tricks
    ("film: Zn", "film: &f Zn", "r.yaml:12:11: at steps[1].film: wanted no anchors, found '&f'; write the value out "
     "where it is needed"),
    ("film: Zn", "film: *f", "r.yaml:12:11: at steps[1].film: wanted the value itself, found the alias '*f'; write "
     "the value out"),
    ("film: Zn", "film: !!str Zn", "r.yaml:12:11: at steps[1].film: wanted no tags, found '!!str'; remove it"),
    ("film: Zn", "film: !!python/object/apply:os.system [ls]", "r.yaml:12:11: at steps[1].film: wanted no tags, "
     "found '!!python/object/apply:os.system'; remove it"),
    ("film: Zn", "<<: {film: Zn}", "r.yaml:10:5: at steps[1]: wanted the key 'film': text, found no such key"),
    ("title: A sample\n", "title: A sample\n---\n", "r.yaml:4:1: wanted one document, found a second one ('---'); "
     "make it a file of its own"),
    ("    film: Zn", "\tfilm: Zn", "r.yaml:12:1: wanted spaces for indentation, found a tab; replace it by spaces"),
    ("    film: Zn", "  \t film: Zn", "r.yaml:12:3: wanted spaces for indentation, found a tab; replace it by spaces"),
    ("film: Zn", "film: Zn\u200b", "r.yaml:12:13: wanted visible text, found the invisible character U+200B; "
     "remove it"),
    ("film: Zn", "film: Z\x00n", "r.yaml:12:12: wanted visible text, found the invisible character U+0000; "
     "remove it"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "sentence"), BAD, ids=[f"{n}" for n, _ in enumerate(BAD)])
def test_what_a_bad_recipe_is_told(old: str, new: str, sentence: str) -> None:
    assert complaint(spoilt(RECIPE, old, new)).splitlines()[0] == sentence


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "r.yaml:1:1: wanted a mapping (key: value), found nothing"),
        (b"# only a comment\n", "r.yaml:1:1: wanted a mapping (key: value), found nothing"),
        (b"---\n", "r.yaml:2:1: wanted a mapping (key: value), found nothing"),
        (b"[]", "r.yaml:1:1: wanted a mapping (key: value), found a list"),
        (b"5", "r.yaml:1:1: wanted a mapping (key: value), found the bare number 5"),
        (b"hello", "r.yaml:1:1: wanted a mapping (key: value), found 'hello'"),
        (b"\n\na: \xff", "r.yaml:3:4: wanted UTF-8 text, found the byte 0xff; save the file as UTF-8"),
        ("recipe: x".encode("utf-16"), "r.yaml:1:1: wanted UTF-8 text, found the byte 0xff; save the file as UTF-8"),
        (b"x: 1\n" * 60000, "r.yaml: wanted at most 256 KiB, found more; is this the right file?"),
        (b"[" * 21, "r.yaml:1:21: wanted at most 20 levels of nesting, found more; is this the right file?"),
        (b"[" * 100000, "r.yaml:1:21: wanted at most 20 levels of nesting, found more; is this the right file?"),
    ],
)
def test_what_is_no_recipe_at_all(raw: bytes, sentence: str) -> None:
    assert complaint(raw).splitlines()[0] == sentence


@pytest.mark.parametrize(
    "raw", [b"a: b: c", b"a: [1", b"a: 'x", b"a: 1\n b: 2", b"- a\nb: 1", b"a: @x", b"a: {b: 1", b"%YAML 3\n---\na: 1"]
)
def test_broken_yaml_has_a_place(raw: bytes) -> None:
    text = complaint(raw)
    assert text.startswith("r.yaml:")
    assert "wanted valid YAML" in text
    assert int(text.split(":")[1]) >= 1


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    text = RECIPE.replace("300 nm", "300").replace("title: A", "title: &a A").replace("do: wait", "do: weight")
    text = text.replace("film: Zn", "film: Zn\n    film: Li").replace("0.1 mbar", "-1 mbar")
    lines = complaint(text.encode()).splitlines()
    assert [line.split(": ")[1].removeprefix("at ") for line in lines] == [
        "title", "steps[1].film", "steps[1].thickness", "steps[4].below", "steps[6].do",
    ]  # fmt: skip
    places = [tuple(map(int, line.split(":")[1:3])) for line in lines]
    assert places == sorted(places)


def test_a_flood_of_problems_is_cut_and_said() -> None:
    raw = (RECIPE + "".join(f"x{n}: 1\n" for n in range(150))).encode()
    lines = complaint(raw).splitlines()
    assert len(lines) == MOST_SHOWN + 1
    assert lines[-1] == "r.yaml: and 50 more problems. Is this the right file?"


def test_a_missing_file_is_an_operator_error(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"no\.yaml: wanted a readable file, found No such file"):
        load_recipe(tmp_path / "no.yaml")
    with pytest.raises(BadFile, match="wanted a readable file, found Is a directory"):
        load_recipe(tmp_path)


def test_text_and_hash_are_those_of_the_file(tmp_path: Path) -> None:
    raw = b"\xef\xbb\xbf" + RECIPE.replace("\n", "\r\n").encode()
    path = tmp_path / "r.yaml"
    path.write_bytes(raw)
    loaded = load_recipe(path)
    assert loaded.sha256 == hashlib.sha256(raw).hexdigest()
    assert loaded.text.encode() == raw
    assert loaded.path == str(path)
    assert loaded.model == parse_recipe(RECIPE.encode(), "x").model


def test_values_are_numbers_in_the_unit_of_their_name() -> None:
    recipe = parse_recipe(RECIPE.encode(), "r.yaml").model
    pump, zinc, _, gas, *_ = recipe.steps
    assert (pump.do, pump.name) == ("pump_down", "pump")
    assert zinc.do == "deposit"
    assert (zinc.thickness_nm, zinc.rate_nm_per_s, zinc.tolerance_percent) == (300.0, 0.5, 10.0)
    assert gas.do == "backfill"
    assert (gas.pressure_mbar, gas.duration_s, gas.duration_starts) == (500.0, 180.0, "at_pressure")
    assert recipe.after_hold_too_long == "stop"


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_shipped_recipes_load(path: Path) -> None:
    recipe = load_recipe(path).model
    assert recipe.recipe == path.stem
    if path.stem != "vent":
        assert recipe.source == "doi:10.1039/d4ta06366j"
        assert "# [here]" in path.read_text()


LINES = RECIPE.splitlines()
VALUES = [n for n, line in enumerate(LINES) if ": " in line and not line.strip().startswith(("source", "title"))]
OPTIONAL = {"source"}


@given(st.sampled_from(range(len(LINES))))
def test_no_line_can_be_lost(index: int) -> None:
    """Without any one line the recipe is refused, save where the line is optional or the rest is another recipe."""
    text = "\n".join(LINES[:index] + LINES[index + 1 :])
    key = LINES[index].strip().removeprefix("- ").split(":")[0]
    if key in OPTIONAL:
        parse_recipe(text.encode(), "r.yaml")
    else:
        assert complaint(text.encode())


@given(st.sampled_from(range(len(LINES))))
def test_no_line_can_be_doubled(index: int) -> None:
    assert complaint("\n".join([*LINES[: index + 1], *LINES[index:]]).encode())


@given(
    st.sampled_from(VALUES), st.sampled_from(["nan", ".inf", "-5 nm", "5", "5 furlong", "-1", "[1]", "{a: 1}", "~", ""])
)
def test_no_value_can_be_nonsense(index: int, nonsense: str) -> None:
    """Texts may be any text; everything else refuses what does not fit."""
    key, _, old = LINES[index].partition(": ")
    text = "\n".join([*LINES[:index], f"{key}: {nonsense}", *LINES[index + 1 :]]).encode()
    free = key.strip().removeprefix("- ") in ("version", "message", "recipe", "name", "gas", "film")
    if free and nonsense in ("nan", ".inf", "-5 nm", "5 furlong"):
        name = key.strip().removeprefix("- ")
        if name in ("version", "message") or (nonsense == "nan" and old != nonsense):
            parse_recipe(text, "r.yaml")
            return
    assert complaint(text)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_recipe_or_an_operator_error(raw: bytes) -> None:
    assert complaint(raw)


@settings(max_examples=200)
@given(st.integers(0, len(RECIPE)), st.integers(0, 20), st.text("abz:-[]{}&*!'\"#|>%@ \n\t0159.,?", max_size=8))
def test_any_edit_ends_in_a_recipe_or_an_operator_error(at: int, length: int, new: str) -> None:
    raw = (RECIPE[:at] + new + RECIPE[at + length :]).encode()
    refused = None
    try:
        loaded = parse_recipe(raw, "r.yaml")
    except BadFile as error:
        refused = error
    if refused is None:
        assert loaded.text == raw.decode()
    else:
        assert refused.problems
        assert all(problem.wanted and problem.found for problem in refused.problems)
