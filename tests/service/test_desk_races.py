"""Clients, roles, lease and key switch under all orders of events: the desk lets through exactly whom it may."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pvdctl.service.roles import RIGHTS, ROLES
from simulators.plant.plant import Plant
from tests.service.inside import BRIEF, Inside, Said
from tests.service.test_desk import BODIES
from tests.service.test_key_switch import with_key

PEOPLE = [("anna", "tui"), ("anna", "script"), ("bert", "tui")]
people = st.sampled_from(PEOPLE)
ANSWERED_AS = {"not_permitted", "no_lease", "stale_fence"}
"""Refusals by right. All others are the process's own business."""
HOLDERS = {act for act in RIGHTS if act.startswith("lease.")} - {"lease.take", "lease.request", "lease.break"}
"""What the holder does with the lease."""
SLOW = {"sign"}
"""On a thread of its own; has tests of its own."""


class Desks(RuleBasedStateMachine):
    """Everything people can ask, with whatever number they know, while the key is turned and time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="pvdctl-desk-"))
        recipes = self.folder / "recipes"
        recipes.mkdir()
        (recipes / "brief.yaml").write_text(BRIEF)
        self.inside = Inside(self.folder, recipes, with_key(self.folder))
        self.inside.until(lambda: self.inside.control.controller.adopted)
        self.known: dict[tuple[str, str], int] = {}
        self.highest = self.inside.control.lease.fence
        self.local = False

    def teardown(self) -> None:
        self.inside.close()
        shutil.rmtree(self.folder)

    @rule(seconds=st.sampled_from([1.0, 14.9, 15.0, 30.0]))
    def time_passes(self, seconds: float) -> None:
        self.inside.wall_s += seconds
        self.inside.scan()

    @rule(local=st.booleans())
    def turn_the_key(self, local: bool) -> None:
        plant = self.inside.station._simulated.bench.plant
        assert isinstance(plant, Plant)
        plant.signals["local"] = self.local = local
        self.inside.scan(3)

    @rule(who=people, role=st.sampled_from(ROLES), act=st.sampled_from(sorted(set(RIGHTS) - SLOW)), old=st.booleans())
    def ask(self, who: tuple[str, str], role: str, act: str, old: bool) -> None:
        user, client = who
        lease = self.inside.control.lease
        self.inside.scan()
        fence = self.known.get(who, 0) - old
        mine = lease.holder is not None and (lease.holder.user, lease.holder.name) == who and lease.fence == fence
        right = RIGHTS[act]
        text = code = ""
        try:
            done = self.inside.ask(act, role=role, user=user, client=client, fence=fence, **BODIES.get(act, {}))
        except Said as said:
            code, text = said.problem.code, str(said)
        else:
            if done.fence is not None:
                self.known[who] = done.fence
        if role not in right.roles:
            assert code == "not_permitted"
        elif right.lease and self.local:
            assert "stands at local" in text
        elif right.lease or act in HOLDERS:
            assert (code in ANSWERED_AS) != mine, (act, code, text)
        else:
            assert code not in ANSWERED_AS or act in ("lease.take", "lease.request"), (act, code, text)
        if act == "abort":
            assert code == ""

    @invariant()
    def numbers_only_grow(self) -> None:
        fence = self.inside.control.lease.fence
        assert fence >= self.highest
        self.highest = fence

    @invariant()
    def the_snapshot_tells_who(self) -> None:
        lease, snapshot = self.inside.control.lease, self.inside.seen()
        assert snapshot.local == self.local
        shown = (snapshot.lease.user, snapshot.lease.client, snapshot.lease.fence) if snapshot.lease else None
        assert shown == ((lease.holder.user, lease.holder.name, lease.fence) if lease.holder is not None else None)


Desks.TestCase.settings = settings(max_examples=5, stateful_step_count=25, deadline=None)
TestDesks: Any = Desks.TestCase
