"""Every fault of the menu in every phase of LZLN: a covering selection in the suite, all of it in `make soak`."""

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from simulators.faults import menu
from simulators.wire_faults import WIRE_FAULTS
from tests.system.matrix import LINKS, PHASES, SIGNS, Case, cases, kinds, run_case, selection
from tests.system.session import Session
from tests.system.small import shipped_chamber, shipped_recipe

PLACES = [f"{step}.{phase}" for step, phases in PHASES.items() for phase in phases]


def test_phases_are_all(tmp_path: Path) -> None:
    """A run goes through exactly the phases of the matrix, in its order; and its steps are those of LZLN."""
    session = Session(tmp_path)
    seen = [session.place]
    while session.controller.ended is None:
        session.until(lambda: session.place != seen[-1] or session.controller.ended is not None)
        seen.append(session.place)
    assert list(dict.fromkeys(seen)) == PLACES
    assert [step.name for step in shipped_recipe("lzln").model.steps] == list(PHASES)
    assert session.end()["end_state"] == "Complete"


def test_the_matrix_is_the_whole_menu_in_every_phase() -> None:
    every = cases()
    assert {case.fault for case in every} == set(menu())
    assert set(shipped_chamber().model.instruments) == set(LINKS)
    pairs = Counter((case.kind, case.place) for case in every)
    assert set(pairs.values()) == {1}
    assert len(pairs) == len(list(kinds())) * len(PLACES)
    for name in menu():
        if name in WIRE_FAULTS:
            assert {(case.link, case.place) for case in every if case.fault == name} == {
                (link, place) for link in LINKS for place in PLACES
            }
        else:
            assert {case.place for case in every if case.fault == name} == set(PLACES)
            assert SIGNS[name]


def test_the_selection_covers() -> None:
    chosen = selection()
    assert {case.kind for case in chosen} == {case.kind for case in cases()}
    each = Counter(case.place for case in chosen)
    assert set(each) == set(PLACES)
    assert min(each.values()) >= 3


@pytest.mark.parametrize("case", selection(), ids=lambda case: case.text)
def test_a_fault_ends_well_and_names_its_cause(case: Case) -> None:
    outcome = run_case(case)
    assert outcome.wrong == []


@pytest.mark.soak
@pytest.mark.timeout(14400)
def test_every_fault_in_every_phase() -> None:
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        outcomes = list(pool.map(run_case, cases(), chunksize=8))
    assert [f"{o.case}: {'; '.join(o.wrong)}" for o in outcomes if o.wrong] == []
    assert len(outcomes) == len(list(kinds())) * len(PLACES)
