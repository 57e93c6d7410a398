"""The lease under all orders of events: at most one holder, numbers only grow, a stale number never passes."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pvdctl.service.lease import TAKE_OVER_S, TTL_S, Client, Lease, NotGranted

CLIENTS = [Client("anna", "tui"), Client("anna", "script"), Client("bert", "tui")]
who = st.sampled_from(CLIENTS)


def passes(lease: Lease, client: Client, fence: int | None, now_s: float) -> bool:
    """Whether a command would."""
    try:
        lease.check(client, fence, now_s)
    except NotGranted:
        return False
    return True


class Races(RuleBasedStateMachine):
    """Clients that take, keep, ask for, give back and break the lease, beside a model of who may be in control."""

    def __init__(self) -> None:
        super().__init__()
        self.lease = Lease()
        self.now_s = 0.0
        self.granted: dict[int, Client] = {}
        self.until_s = 0.0
        self.known: dict[Client, int] = {}

    def note(self, client: Client, fence: int) -> None:
        assert self.granted.setdefault(fence, client) == client
        self.known[client] = fence
        self.until_s = self.now_s + TTL_S

    @rule(seconds=st.sampled_from([0.1, 5.0, 10.0, 15.0, 29.9, 30.0, 100.0]))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds
        self.lease.tick(self.now_s)

    @rule(client=who)
    def take(self, client: Client) -> None:
        before = self.lease.fence
        try:
            fence = self.lease.take(client, self.now_s)
        except NotGranted:
            fence = 0
        if fence == 0:
            assert self.lease.holder not in (None, client)
            return
        assert fence >= before
        self.note(client, fence)

    @rule(client=who)
    def renew(self, client: Client) -> None:
        fence = self.known.get(client)
        try:
            self.lease.renew(client, fence, self.now_s)
        except NotGranted:
            return
        assert fence == self.lease.fence
        self.note(client, self.lease.fence)

    @rule(client=who)
    def release(self, client: Client) -> None:
        try:
            self.lease.release(client, self.known.get(client), self.now_s)
        except NotGranted:
            return
        assert self.lease.holder != client

    @rule(client=who)
    def ask(self, client: Client) -> None:
        try:
            wait_s = self.lease.request(client, self.now_s)
        except NotGranted:
            assert self.lease.wanted_by not in (None, client)
            return
        assert 0.0 <= wait_s <= TAKE_OVER_S

    @rule(client=who)
    def keep(self, client: Client) -> None:
        holder = self.lease.holder
        try:
            wanted = self.lease.keep(client, self.known.get(client), self.now_s)
        except NotGranted:
            return
        assert wanted != client == holder == self.lease.holder
        assert self.lease.wanted_by is None

    @rule(client=who)
    def seize(self, client: Client) -> None:
        self.note(client, self.lease.seize(client, self.now_s))
        assert self.lease.holder == client

    @invariant()
    def only_the_holder_under_the_newest_number_passes(self) -> None:
        lease = self.lease
        for client in CLIENTS:
            for fence in (None, lease.fence - 1, lease.fence, lease.fence + 1):
                assert passes(lease, client, fence, self.now_s) == (lease.holder == client and fence == lease.fence)

    @invariant()
    def a_number_belongs_to_one_client(self) -> None:
        if self.lease.holder is not None:
            assert self.granted.setdefault(self.lease.fence, self.lease.holder) == self.lease.holder
            assert self.lease.remaining_s(self.now_s) > 0.0


Races.TestCase.settings = settings(max_examples=50, stateful_step_count=25, deadline=None)
TestRaces: Any = Races.TestCase


def test_it_runs_out_and_says_so() -> None:
    lease = Lease()
    assert lease.take(CLIENTS[0], 0.0) == 1
    assert passes(lease, CLIENTS[0], 1, TTL_S - 0.1)
    assert not passes(lease, CLIENTS[0], 1, TTL_S)
    assert lease.told == [(CLIENTS[0], "the lease of anna (tui) ran out after 30 s without a renewal")]


def test_it_passes_when_given_back_to_whoever_waits() -> None:
    lease = Lease()
    fence = lease.take(CLIENTS[0], 0.0)
    assert lease.request(CLIENTS[2], 1.0) == TAKE_OVER_S
    lease.release(CLIENTS[0], fence, 2.0)
    assert lease.take(CLIENTS[2], 2.5) == fence + 1


def test_the_same_user_in_another_program_is_another_client() -> None:
    lease = Lease()
    fence = lease.take(CLIENTS[0], 0.0)
    with pytest.raises(NotGranted, match="in control"):
        lease.take(CLIENTS[1], 1.0)
    with pytest.raises(NotGranted):
        lease.check(CLIENTS[1], fence, 1.0)
