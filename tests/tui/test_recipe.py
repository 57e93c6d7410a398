"""Recipes: chosen, read beside their check, simulated, and started after a deliberate yes."""

from dataclasses import replace
from pathlib import Path

import pytest
from rich.text import Text
from textual.pilot import Pilot
from textual.widgets import Checkbox, Input, OptionList

from pvdctl.client import Declined, Unreachable
from pvdctl.service.answers import Problem
from pvdctl.tui.app import Screens
from pvdctl.tui.dialogs import AskText
from pvdctl.tui.recipe import Recipe
from pvdctl.tui.recipe_answers import AskBeforehand
from pvdctl.tui.recipe_start import AskStart
from pvdctl.tui.recipe_text import RecipeText
from pvdctl.tui.recipe_timeline import timeline
from pvdctl.tui.rows import Rows
from tests.service.inside import ROOT
from tests.service.served import Served
from tests.tui.recipe_stage import KEY, SIZES, RecipeChamber, at, checked, flat, idle, shows
from tests.tui.stage import LARGE, NAME, Holds, changed, lost, play, text, until


@SIZES
@pytest.mark.parametrize("name", ["lzln", "faulty", "vent", "broken"])
def test_looks(name: str, size: tuple[int, int], screen_text: Holds) -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, name)
        await screen_text(app)

    play(RecipeChamber(), story, size)


@pytest.mark.parametrize("part", ["time", "outcome"])
def test_parts_on_a_small_screen(part: str, screen_text: Holds) -> None:
    chamber = RecipeChamber()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "lzln")
        await pilot.press(*{"time": ["t"], "outcome": ["m"]}[part])
        await until(pilot, lambda: part == "time" or "Complete, recipe done" in text(app))
        await screen_text(app)

    play(chamber, story)


def test_t_goes_round_the_parts() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "lzln")
        await until(pilot, lambda: "recipe: lzln" in text(app))
        await pilot.press("t")
        await until(pilot, lambda: "Time line: about 36:42" in text(app))
        assert "recipe: lzln" not in text(app)
        await pilot.press("t")
        await until(pilot, lambda: "Not simulated yet" in text(app))
        await pilot.press("t")
        await until(pilot, lambda: "recipe: lzln" in text(app))

    play(RecipeChamber(), story)


def test_on_a_large_screen_t_gives_the_keys_to_the_parts() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        pane = await at(pilot, app, "lzln")
        await pilot.press("t")
        assert pane.query_one("#time").has_focus
        await until(pilot, lambda: "recipe: lzln" in text(app))
        await pilot.press("t", "t")
        assert pane.query_one(RecipeText).has_focus
        await pilot.press("pagedown")
        await until(pilot, lambda: "recipe: lzln" not in text(app))
        await pilot.press("escape")
        assert pane.query_one(Rows).has_focus

    play(RecipeChamber(), story, LARGE)


def test_the_list_says_what_passed_and_how_long_it_takes() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "lzln")
        lines = [" ".join(line.partition("│")[0].split()) for line in text(app).split("\n")]
        assert "✗ faulty errors" in lines
        assert "✓ lzln 36:42" in lines
        assert "uses zinc 427 mg, lithium 10.9 mg" in " ".join(lines)

    play(RecipeChamber(), story)


def test_a_finding_brings_its_line_into_sight() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        pane = await at(pilot, app, "faulty")
        assert "rate: 50 nm/s" not in text(app)
        await pilot.press("f", "down")
        await pilot.pause()
        await until(pilot, lambda: "✗  21 │     rate: 50 nm/s" in text(app))
        await until(pilot, lambda: "▲  20 │     thickness: 300 nm" in text(app))
        await until(pilot, lambda: "wanted a rate below about 18 nm/s" in flat(app))
        await pilot.press("down")
        await pilot.pause()
        await until(pilot, lambda: "✗  32 │" in text(app))
        await pilot.press("escape")
        assert pane.query_one(Rows).has_focus

    play(RecipeChamber(), story)


def test_no_findings_are_said() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        pane = await at(pilot, app, "lzln")
        await pilot.press("f")
        await until(pilot, lambda: "found nothing in this recipe" in text(app))
        assert not pane.query_one(OptionList).display

    play(RecipeChamber(), story)


@pytest.mark.parametrize("key", ["enter", "m"])
@pytest.mark.parametrize(("name", "count"), [("faulty", "3 errors"), ("broken", "11 errors")])
def test_a_recipe_with_errors_is_neither_started_nor_simulated(name: str, count: str, key: str) -> None:
    chamber = RecipeChamber()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, name)
        await pilot.press(key)
        await pilot.pause()
        await until(pilot, lambda: f"the check found {count}" in flat(app))
        await until(pilot, lambda: not shows(app, AskStart))

    play(chamber, story)
    assert chamber.asked == []
    assert chamber.simulated == []


def test_simulate_goes_on_beside_everything_and_is_marked() -> None:
    chamber = RecipeChamber()
    chamber.simulating.clear()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "lzln")
        await pilot.press("m")
        await until(pilot, lambda: "is being simulated on a copy of this chamber" in flat(app))
        await until(pilot, lambda: "… 1 s" in text(app))
        await pilot.press("m")
        await until(pilot, lambda: "A simulation is going on already" in flat(app))
        chamber.simulating.set()
        await until(pilot, lambda: "Complete, recipe done" in flat(app))
        shown = flat(app)
        assert "SIMULATED lzln 1" in shown
        assert "zinc Zn 300.0" in shown
        assert "no alarms" in shown

    play(chamber, story, LARGE)
    assert chamber.simulated == [("lzln", {})]
    assert chamber.asked == []


def test_the_simulation_of_another_text_is_not_shown_beside_this_one() -> None:
    chamber = RecipeChamber()
    chamber.texts["lzln"] = replace(chamber.texts["lzln"], sha256="another")

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "lzln")
        await pilot.press("m")
        await until(pilot, lambda: "no simulation of lzln: its text has changed since it was read here" in flat(app))
        assert "Complete, recipe done" not in flat(app)

    play(chamber, story, LARGE)


def test_a_simulation_is_given_up_by_a_key_that_is_there_only_then() -> None:
    chamber = RecipeChamber()
    chamber.simulating.clear()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "lzln")
        assert "Give up" not in text(app)
        await pilot.press("x")
        assert not chamber.given_up
        await pilot.press("m")
        await until(pilot, lambda: "… 1 s (x gives it up)" in text(app))
        await until(pilot, lambda: "x Give up" in text(app))
        await pilot.press("x")
        await until(pilot, lambda: "no simulation of lzln: the simulation was given up by anna" in flat(app))
        await until(pilot, lambda: "x Give up" not in text(app))

    play(chamber, story, LARGE)
    assert chamber.asked == []


def test_a_simulation_that_ends_badly_names_the_cause() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "li3n")
        await pilot.press("m")
        await until(pilot, lambda: "■ Stopped, boat lithium is open" in flat(app))
        await until(pilot, lambda: "! at 9:36 boat_open (first)" in flat(app))

    play(RecipeChamber(), story, LARGE)


def test_a_simulation_asks_the_recipes_questions_beforehand() -> None:
    chamber = RecipeChamber()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "vent")
        await pilot.press("m")
        await until(pilot, lambda: shows(app, AskBeforehand))
        await pilot.press("escape")
        assert chamber.simulated == []
        await pilot.press("m", "enter")
        await until(pilot, lambda: "answers given beforehand: agree: yes" in flat(app))

    play(chamber, story, LARGE)
    assert chamber.simulated == [("vent", {"agree": "yes"})]


def test_a_service_lost_in_the_middle_of_a_simulation_is_told() -> None:
    chamber = RecipeChamber()
    chamber.simulating.clear()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "lzln")
        await pilot.press("m")
        chamber.failing = Unreachable("the service hung up.")
        chamber.simulating.set()
        await until(pilot, lambda: "no simulation of lzln: the service hung up." in flat(app))

    play(chamber, story, LARGE)


def test_a_file_of_this_machine_is_opened_by_its_path(tmp_path: Path) -> None:
    chamber = RecipeChamber()
    path = tmp_path / "lizn.yaml"
    path.write_text("as in the library")

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "broken")
        await pilot.press("o")
        await until(pilot, lambda: shows(app, AskText))
        app.screen.query_one(Input).value = f"{tmp_path}/none.yaml"
        await pilot.press("enter")
        await until(pilot, lambda: "cannot be read" in flat(app))
        await pilot.press("o")
        app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await until(pilot, lambda: "lizn (file)" in text(app))
        assert app.pane.query_one(Rows).key == str(path)
        await until(pilot, lambda: "recipe: lizn" in text(app))
        await pilot.press("enter", "enter", "enter", "y")
        await until(pilot, lambda: len(chamber.asked) >= 2)

    play(chamber, story)
    body = chamber.asked[1][1]
    assert (body["text"], body["path"]) == ("as in the library", str(path))


def test_an_empty_library_says_what_to_do() -> None:
    chamber = RecipeChamber()
    chamber.library = []

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        await pilot.press(KEY)
        await until(pilot, lambda: "library has no recipes" in flat(app))
        await pilot.press("enter", "m")
        await until(pilot, lambda: "There is no recipe to choose" in flat(app))

    play(chamber, story)


def test_a_library_that_could_not_be_read_is_read_when_the_service_is_back() -> None:
    chamber = RecipeChamber()
    chamber.failing = Unreachable("no service at /run/pvdctl/api.sock.")

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await until(pilot, lambda: app.view.snapshot is not None)
        await pilot.press(KEY)
        await until(pilot, lambda: "no service at /run/pvdctl/api.sock" in flat(app))
        chamber.send(lost())
        await until(pilot, lambda: app.view.stale)
        await pilot.pause()
        chamber.failing = None
        chamber.send(changed(idle()))
        await until(pilot, lambda: "✓ lzln" in text(app))

    play(chamber, story)


def test_u_reads_again_and_a_changed_text_is_shown() -> None:
    chamber = RecipeChamber()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "lzln")
        await pilot.press("m")
        await until(pilot, lambda: "Complete, recipe done" in flat(app))
        new = replace(checked("lzln"), sha256="a" * 64, text="recipe: lzln\n# mended\n")
        chamber.texts["lzln"] = new
        chamber.library = [replace(e, sha256=new.sha256) if e.name == "lzln" else e for e in chamber.library]
        await pilot.press("u")
        await until(pilot, lambda: "# mended" in text(app))
        assert "Not simulated yet" in flat(app)  # the result was of another text

    play(chamber, story, LARGE)


def test_a_recipe_that_cannot_be_read_says_why() -> None:
    chamber = RecipeChamber()

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "lzln")
        chamber.failing = Declined(Problem("not_found", "there is no recipe 'li3n'."), 404)
        app.pane.query_one(Rows).go_to("li3n")
        await until(pilot, lambda: "It could not be read: there is no recipe 'li3n'" in flat(app))
        await pilot.press("enter")
        await until(pilot, lambda: "li3n has not been read" in flat(app))

    play(chamber, story)


def test_a_long_library_and_a_long_recipe_are_scrolled_and_names_told_whole() -> None:
    chamber = RecipeChamber()
    name = "a_recipe_of_long_names"
    long = checked("lzln")
    steps = [replace(step, index=index) for index, step in enumerate(long.steps * 5, 1)]
    chamber.texts[name] = replace(long, name=name, steps=steps)
    entry = next(entry for entry in chamber.library if entry.name == "lzln")
    chamber.library += [replace(entry, name=f"more_{index:02d}") for index in range(30)]
    chamber.library.append(replace(entry, name=name))
    for more in chamber.library:
        chamber.texts.setdefault(more.name, replace(long, name=more.name))

    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, name)
        await until(pilot, lambda: "a_recipe_of_…" in text(app))
        await until(pilot, lambda: name in flat(app))
        await pilot.press("enter")
        await until(pilot, lambda: "1 pump_down" in text(app))
        await until(pilot, lambda: "Do not start (n)" in text(app))
        await pilot.press("shift+tab", "end")
        await until(pilot, lambda: "30 evacuate" in text(app))

    play(chamber, story)


def test_help_lists_the_keys() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        await at(pilot, app, "lzln")
        await pilot.press("question_mark")
        await pilot.pause()
        await until(pilot, lambda: "nothing real moves" in flat(app))

    play(RecipeChamber(), story, LARGE)


def test_the_text_loses_nothing_at_any_width() -> None:
    async def story(pilot: Pilot[None], app: Screens) -> None:
        pane = await at(pilot, app, "lzln")
        shown = pane.query_one(RecipeText)
        for width in (40, 57, 80, 131):
            await pilot.resize_terminal(width, 24)
            await pilot.pause()
            joined = "".join(part + "\n" * ends for part, ends in shown.parts())
            assert joined == checked("lzln").text

    play(RecipeChamber(), story)


@pytest.mark.parametrize("width", [40, 60, 84, 120])
@pytest.mark.parametrize("name", ["lzln", "vent", "faulty"])
def test_the_time_line_is_to_scale_and_within_its_width(name: str, width: int) -> None:
    recipe = checked(name)
    told = timeline(recipe, width)
    assert isinstance(told, Text)
    if not recipe.passed:
        assert "errors" in told.plain
        return
    lines = told.plain.split("\n")[1:-1]
    assert len(lines) == len(recipe.steps)
    assert max(len(line) for line in lines) <= max(width, 50)
    bars = [len(line.rstrip()) - len(line.rstrip().rstrip("█▏▎▍▌▋▊▉")) for line in lines]
    longest = max(range(len(bars)), key=lambda index: recipe.steps[index].expected_s)
    assert bars[longest] == max(bars)


def test_against_a_service(tmp_path: Path) -> None:
    served = Served(tmp_path, ROOT / "recipes", speed=20.0)
    try:
        chamber = served.chamber(NAME)

        async def story(pilot: Pilot[None], app: Screens) -> None:
            await at(pilot, app, "vent")
            await pilot.press("m", "enter")
            await until(pilot, lambda: "Complete, recipe done" in flat(app), 60.0)
            await pilot.press("enter")
            app.screen.query_one(Checkbox).value = True
            await pilot.press(*"B2", "enter", *"after the window", "enter", "y")
            await until(pilot, lambda: not isinstance(app.pane, Recipe), 60.0)
            await until(pilot, lambda: app.view.snapshot is not None and app.view.snapshot.job is not None, 60.0)

        play(chamber, story)
        job = served.chamber().status().job
        assert job is not None
        assert (job.recipe, job.sample_id, job.note) == ("vent", "B2", "after the window")
    finally:
        assert served.end() == 0
