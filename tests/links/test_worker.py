"""The worker and the schedule: order, time limits, loss and return, and the same run twice."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvdctl.clock import VirtualClock
from pvdctl.errors import BadFrame, InstrumentError, LinkClosed, LinkError, NoAnswer, PvdctlError, Restarted
from pvdctl.instrument.driver import Driver, Identity
from pvdctl.instrument.poll import COMMAND, DONE, FAILED, SAFE, WAITING, Act, Poll
from pvdctl.instrument.tag import Tag
from pvdctl.links.schedule import VirtualSchedule
from pvdctl.links.worker import BACK_OFF_S, QUEUE_LIMIT, QUIET_S, Worker


class Line:
    """A link that only counts: each thing done on it takes `takes_s` and raises what is due."""

    name = "line"

    def __init__(self, clock: VirtualClock, takes_s: float = 0.01) -> None:
        self.clock = clock
        self.takes_s = takes_s
        self.exchanges = 0
        self.opened = 0
        self.closed = 0
        self.log: list[tuple[float, str]] = []
        self.errors: dict[str, list[PvdctlError | None]] = {}

    def does(self, what: str) -> None:
        self.log.append((round(self.clock.now_s, 6), what))
        self.clock.now_s += self.takes_s
        planned = self.errors.get(what)
        error = planned.pop(0) if planned else None
        if error is not None:
            raise error

    def open(self) -> None:
        self.opened += 1

    def close(self) -> None:
        self.closed += 1

    def drain(self, quiet_s: float) -> bytes:
        self.does("drain")
        return b""

    def done(self, *but: str) -> list[str]:
        return [what for _, what in self.log if what not in but]


class Toy(Driver):
    """Two polls, of 0.1 s and 0.5 s, on a link that only counts."""

    def __init__(self, name: str = "toy") -> None:
        super().__init__(name, {})
        self.serial = "1"
        self.polls = [
            Poll(f"{name}.fast", (Tag(f"{name}.f", ""),), self._reader("fast"), 0.1),
            Poll(f"{name}.slow", (Tag(f"{name}.s", ""),), self._reader("slow"), 0.5),
        ]

    def _reader(self, what: str) -> Callable[[Any], tuple[float, ...]]:
        def read(link: Any) -> tuple[float, ...]:
            link.does(f"{self.name}.{what}")
            return (float(link.clock.now_s),)

        return read

    def identify(self, link: Any) -> Identity:
        link.does(f"{self.name}.identify")
        return Identity("toy", serial=self.serial)

    def prepare(self, link: Any) -> None:
        link.does(f"{self.name}.prepare")

    def ask(self, what: str, **more: Any) -> Act:
        return self.post(what, lambda link: link.does(f"{self.name}.{what}"), **more)


class Bench:
    """One toy on one line, up and running unless told otherwise."""

    def __init__(self, takes_s: float = 0.01) -> None:
        self.clock = VirtualClock()
        self.line = Line(self.clock, takes_s)
        self.toy = Toy()
        self.worker = Worker(self.line, [self.toy], self.clock)
        self.schedule = VirtualSchedule([self.worker], self.clock)

    def run(self, until_s: float) -> list[str]:
        """Run to a time; what was done in it, without bringing the link up."""
        before = len(self.line.log)
        self.schedule.run_until(until_s)
        return [what for _, what in self.line.log[before:]]


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.run(1.0)
    assert bench.worker.up
    return bench


def test_an_instrument_says_who_it_is_before_anything_else() -> None:
    bench = Bench()
    act = bench.toy.ask("act")
    done = bench.run(0.3)
    assert done[:4] == ["drain", "toy.identify", "toy.prepare", "toy.act"]
    assert bench.toy.identity == Identity("toy", serial="1")
    assert act.state == DONE


def test_polls_come_at_their_cadence_and_leave_their_outcome(bench: Bench) -> None:
    done = bench.run(11.0)
    assert done.count("toy.fast") == pytest.approx(100, abs=1)
    assert done.count("toy.slow") == pytest.approx(20, abs=1)
    outcome = bench.toy.polls[0].outcome
    assert outcome is not None
    when_s, values, error = outcome
    assert values == (when_s,)
    assert error is None
    assert bench.worker.health.answers == bench.line.done("drain", "toy.identify", "toy.prepare").__len__()


def test_a_busy_link_leaves_polls_out_instead_of_running_after_them() -> None:
    bench = Bench(takes_s=0.35)  # a fast poll takes longer than its period
    bench.run(20.0)
    done = bench.run(41.0)
    assert done.count("toy.fast") + done.count("toy.slow") == pytest.approx(60, abs=2)
    assert done.count("toy.slow") >= 15
    starts_s = [at_s for at_s, what in bench.line.log if what == "toy.fast"]
    assert max(b - a for a, b in pairwise(starts_s)) < 1.5


def test_safe_acts_pass_commands_and_both_pass_polls(bench: Bench) -> None:
    first, second = bench.toy.ask("first"), bench.toy.ask("second")
    safe = bench.toy.ask("safe", priority=SAFE)
    assert bench.worker.waiting() == 3
    assert bench.worker.safe_waiting()
    done = bench.run(1.2)
    assert done[:3] == ["toy.safe", "toy.first", "toy.second"]
    assert done[3] == "toy.fast"
    assert [act.state for act in (first, second, safe)] == [DONE] * 3
    assert first.done_s == pytest.approx(1.02)
    assert not bench.worker.safe_waiting()


def test_an_act_is_never_done_before_it_was_asked(bench: Bench) -> None:
    bench.clock.now_s = 1.07  # the worker has been idle since 1.02
    act = bench.toy.ask("act")
    bench.run(1.2)
    assert (1.07, "toy.act") in bench.line.log
    assert act.asked_s == 1.07


def test_a_newer_act_of_the_same_name_replaces_the_waiting_one(bench: Bench) -> None:
    old = bench.toy.ask("set", not_before_s=1.05)
    new = bench.toy.ask("set")
    assert old.state == FAILED
    assert "replaced by a newer request" in str(old.error)
    assert new.state == WAITING
    assert bench.run(1.2).count("toy.set") == 1
    assert new.state == DONE


def test_acts_of_two_instruments_never_replace_each_other() -> None:
    clock = VirtualClock()
    line = Line(clock)
    toys = Toy("one"), Toy("two")
    worker = Worker(line, toys, clock)
    acts = [toy.ask("set") for toy in toys]
    VirtualSchedule([worker], clock).run_until(0.5)
    assert [act.state for act in acts] == [DONE, DONE]


def test_an_act_waits_for_its_time_and_polls_go_on(bench: Bench) -> None:
    act = bench.toy.ask("later", not_before_s=1.456)
    bench.run(1.4)
    assert act.state == WAITING
    bench.run(1.5)
    assert act.state == DONE
    assert (1.456, "toy.later") in bench.line.log
    assert len([at_s for at_s, what in bench.line.log if what == "toy.fast" and 1.0 <= at_s < 1.4]) == 4


def test_an_act_that_waits_too_long_on_a_busy_link_fails(bench: Bench) -> None:
    bench.line.takes_s = 0.4
    bench.toy.ask("first", priority=SAFE)
    late = bench.toy.ask("late", within_s=0.3)
    done = bench.run(2.0)
    assert "toy.late" not in done
    assert late.state == FAILED
    assert "not begun within 0.3 s because the link was busy" in str(late.error)


def test_a_queue_that_runs_over_says_so(bench: Bench) -> None:
    acts = [bench.toy.ask(f"act {n}", not_before_s=1.5) for n in range(QUEUE_LIMIT + 1)]
    assert [act.state for act in acts[:-1]] == [WAITING] * QUEUE_LIMIT
    assert acts[-1].state == FAILED
    assert f"{QUEUE_LIMIT} requests are waiting" in str(acts[-1].error)
    assert bench.toy.ask("act 3", not_before_s=1.5).state == WAITING


@pytest.mark.parametrize(
    ("error", "counter"),
    [
        (NoAnswer("line", b"x", 0.3), "time_outs"),
        (BadFrame("wrong checksum"), "bad_frames"),
        (Restarted("toy was reset"), "refusals"),
    ],
)
def test_after_a_lost_answer_nothing_is_believed_until_identified_again(
    bench: Bench, error: PvdctlError, counter: str
) -> None:
    bench.line.errors["toy.fast"] = [error]
    done = bench.run(1.5)
    at = done.index("toy.fast")
    assert done[at : at + 4] == ["toy.fast", "drain", "toy.identify", "toy.prepare"]
    assert bench.worker.up
    assert bench.worker.health.reconnects == 1
    assert getattr(bench.worker.health, counter) == 1
    assert [text.split(":")[0] for _, _, text in bench.worker.notices] == ["lost", "back after 1 attempts"]


def test_the_failed_poll_says_why_it_failed(bench: Bench) -> None:
    error = NoAnswer("line", b"x", 0.3)
    bench.line.errors["toy.slow"] = [error]
    bench.run(1.5)
    outcome = bench.toy.polls[1].outcome
    assert outcome is not None
    assert outcome[1:] == (None, error)
    assert 1.0 < outcome[0] < 1.5


def test_a_refusal_is_no_loss(bench: Bench) -> None:
    bench.line.errors["toy.fast"] = [InstrumentError("no")]
    bench.line.errors["toy.act"] = [InstrumentError("not now")]
    act = bench.toy.ask("act")
    done = bench.run(1.5)
    assert "toy.identify" not in done
    assert bench.worker.up
    assert bench.worker.health.refusals == 2
    assert act.state == FAILED
    assert str(act.error) == "not now"
    assert not bench.worker.notices


def test_a_failed_act_is_never_repeated(bench: Bench) -> None:
    bench.line.errors["toy.act"] = [NoAnswer("line", b"x", 0.3)]
    act = bench.toy.ask("act")
    done = bench.run(3.0)
    assert done.count("toy.act") == 1
    assert act.state == FAILED
    assert bench.worker.up


def test_a_lost_instrument_is_tried_for_less_and_less_often(bench: Bench) -> None:
    mute: list[PvdctlError | None] = [NoAnswer("line", b"x", 0.3)] * 12
    bench.line.errors["toy.identify"] = mute
    bench.line.errors["toy.fast"] = [NoAnswer("line", b"x", 0.3)]
    bench.run(30.0)
    tries_s = [at_s for at_s, what in bench.line.log if what == "drain"][1:]
    gaps_s = [b - a - 2 * bench.line.takes_s for a, b in pairwise(tries_s)]
    assert gaps_s == pytest.approx([*BACK_OFF_S, *[BACK_OFF_S[-1]] * (len(gaps_s) - len(BACK_OFF_S))], abs=1e-6)
    assert len(gaps_s) > len(BACK_OFF_S)
    assert [text.split(":")[0] for _, _, text in bench.worker.notices] == ["lost"], "said once, not each time"
    bench.run(60.0)
    assert bench.worker.up
    assert bench.worker.notices[-1][2] == "back after 13 attempts"


def test_an_instrument_never_reached_is_said_once() -> None:
    bench = Bench()
    bench.line.errors["toy.identify"] = [NoAnswer("line", b"x", 0.3)] * 5
    bench.run(10.0)
    texts = [text for _, _, text in bench.worker.notices]
    assert len(texts) == 1
    assert texts[0].startswith("not reached: line: no answer")
    assert bench.worker.up


def test_acts_on_a_lost_instrument_fail_in_time_and_are_not_kept_for_later(bench: Bench) -> None:
    bench.line.errors["toy.identify"] = [NoAnswer("line", b"x", 0.3)] * 4
    bench.line.errors["toy.fast"] = [NoAnswer("line", b"x", 0.3)]
    bench.run(1.2)
    assert not bench.worker.up
    act = bench.toy.ask("act", within_s=0.3)
    later = bench.toy.ask("later", within_s=0.2, not_before_s=1.5)
    bench.run(1.75)
    assert [a.state for a in (act, later)] == [FAILED, FAILED]
    assert act.done_s == pytest.approx(1.5)
    assert later.done_s == pytest.approx(1.7)
    assert "the instrument does not answer" in str(act.error)
    assert "toy.act" not in bench.run(10.0)
    assert bench.worker.up


def test_a_safe_act_does_not_wait_for_the_back_off(bench: Bench) -> None:
    bench.line.errors["toy.identify"] = [NoAnswer("line", b"x", 0.3)] * len(BACK_OFF_S)
    bench.line.errors["toy.fast"] = [NoAnswer("line", b"x", 0.3)]
    while bench.worker.next_s < bench.clock.now_s + 3.0:
        bench.run(bench.clock.now_s + 0.1)
    asked_s = bench.clock.now_s
    bench.toy.ask("command")
    safe = bench.toy.ask("off", priority=SAFE)
    done = bench.run(asked_s + 0.2)
    assert done[:4] == ["drain", "toy.identify", "toy.prepare", "toy.off"]
    assert safe.state == DONE
    assert safe.done_s < asked_s + 0.1


def test_a_closed_port_is_closed_and_opened_again(bench: Bench) -> None:
    bench.line.errors["toy.fast"] = [LinkClosed("line: the port has gone")]
    bench.run(1.5)
    assert bench.line.closed == 1
    assert bench.line.opened == 2


def test_a_port_that_does_not_open_is_tried_again() -> None:
    bench = Bench()
    bench.line.errors["drain"] = [LinkClosed("line: no such port")] * 2
    bench.run(2.0)
    assert bench.worker.up
    assert bench.line.closed == 2


def test_another_instrument_on_the_line_is_noticed(bench: Bench) -> None:
    bench.toy.serial = "2"
    bench.line.errors["toy.fast"] = [NoAnswer("line", b"x", 0.3)]
    bench.run(1.5)
    changed = [text for _, _, text in bench.worker.notices if text.startswith("changed")]
    assert changed == ["changed: was toy (serial 1), is toy (serial 2)"]


def test_remarks_of_the_driver_become_notices(bench: Bench) -> None:
    bench.toy.remarks.append("firmware 9.99 is not known here")
    bench.line.errors["toy.fast"] = [NoAnswer("line", b"x", 0.3)]
    bench.run(1.5)
    assert ("toy", "firmware 9.99 is not known here") in [(who, text) for _, who, text in bench.worker.notices]
    assert not bench.toy.remarks


# --- the schedule ---------------------------------------------------------------------------------------------------


def test_what_is_due_exactly_at_the_scan_waits_for_what_the_scan_asks(bench: Bench) -> None:
    bench.run(1.5)  # polls are due at 1.5
    bench.toy.ask("act")
    assert bench.run(1.55)[0] == "toy.act"
    assert bench.clock.now_s == 1.55


def test_workers_take_turns_in_the_order_of_time() -> None:
    clock = VirtualClock()
    lines = [Line(clock, 0.02), Line(clock, 0.03)]
    log: list[tuple[float, str]] = []
    for line in lines:
        line.log = log
    schedule = VirtualSchedule(
        [Worker(line, [Toy(name)], clock) for line, name in zip(lines, "ab", strict=True)], clock
    )
    for n in range(1, 60):
        schedule.run_until(n * 0.1)
        assert clock.now_s == n * 0.1
    polls_s = [at_s for at_s, what in log if what[2:] in ("fast", "slow")]
    assert polls_s == sorted(polls_s)
    assert len(polls_s) > 100


def test_a_worker_with_nothing_to_do_does_not_run(bench: Bench) -> None:
    bench.toy.polls.clear()
    idle = Worker(bench.line, [bench.toy], bench.clock)
    VirtualSchedule([idle], bench.clock).run_until(100.0)
    assert idle.up
    assert idle.next_s == float("inf")


def plans() -> st.SearchStrategy[list[tuple[int, str, float, float]]]:
    """Acts: scan, name, delay of the earliest start, time limit."""
    return st.lists(
        st.tuples(
            st.integers(0, 29), st.sampled_from(["a", "b", "c"]), st.sampled_from([0.0, 0.03, 0.25, 1.0]),
            st.sampled_from([0.05, 0.3, 1.0]),
        ),
        max_size=20,
    )  # fmt: skip


def failures() -> st.SearchStrategy[dict[str, list[PvdctlError | None]]]:
    error: st.SearchStrategy[PvdctlError | None] = st.sampled_from(
        [None, NoAnswer("line", b"x", 0.3), BadFrame("bad"), InstrumentError("no"), Restarted("reset"), LinkClosed("x")]
    )
    return st.dictionaries(
        st.sampled_from(["toy.fast", "toy.slow", "toy.identify", "toy.prepare", "toy.a", "toy.b", "drain"]),
        st.lists(error, max_size=6),
    )


@settings(max_examples=60, deadline=None)
@given(plans(), failures(), st.sampled_from([0.0, 0.004, 0.05, 0.35]))
def test_whatever_happens_every_act_comes_to_an_end_in_time_and_time_never_stands_still(
    plan: list[tuple[int, str, float, float]], errors: dict[str, list[PvdctlError | None]], takes_s: float
) -> None:
    def once() -> tuple[list[tuple[float, str]], list[tuple[int, float]]]:
        bench = Bench(takes_s)
        bench.line.errors = {what: list(planned) for what, planned in errors.items()}
        acts: list[Act] = []
        for scan in range(60):
            for _, name, delay_s, within_s in [entry for entry in plan if entry[0] == scan]:
                priority = SAFE if name == "a" else COMMAND
                not_before_s = bench.clock.now_s + delay_s
                acts.append(bench.toy.ask(name, not_before_s=not_before_s, within_s=within_s, priority=priority))
            steps = len(bench.line.log)
            bench.run((scan + 1) * 0.1)
            assert len(bench.line.log) - steps < 200
        bench.run(100.0)
        for act in acts:
            assert act.state in (DONE, FAILED)
            assert act.done_s >= act.asked_s
            assert act.done_s <= act.not_before_s + act.within_s + 4 * max(takes_s, QUIET_S) + 1e-9
            if act.state == FAILED:
                assert isinstance(act.error, LinkError | InstrumentError)
        assert bench.worker.up
        return bench.line.log, [(act.state, act.done_s) for act in acts]

    assert once() == once()
