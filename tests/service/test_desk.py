"""The desk judges: role, lease, state, interlocks; every command and refusal is in the record before it is answered."""

from typing import Any

import pytest

from pvdctl.process.states import State
from pvdctl.record.reader import RecordReader
from pvdctl.record.story import tell
from pvdctl.service.roles import RIGHTS, ROLES
from tests.service.inside import Inside, Said

BODIES: dict[str, dict[str, Any]] = {
    "answer": {"prompt": "agree", "answer": "go"},
    "set_output": {"name": "roughing_pump", "value": 1.0},
    "acknowledge": {"name": "nothing"},
    "shelve": {"name": "nothing", "minutes": 5.0, "reason": "known"},
    "unshelve": {"name": "nothing"},
    "note": {"text": "seen"},
    "sign": {"run": "last", "meaning": "approved", "reason": "looked"},
    "start": {"recipe": "brief"},
}
MAY = {
    "viewer": {"abort"},
    "operator": {
        "abort", "stop", "hold", "start", "reset", "clear", "unhold", "complete", "answer", "set_output",
        "acknowledge", "note", "lease.take", "lease.renew", "lease.release", "lease.request",
        "lease.keep",
    },
    "process_engineer": set(RIGHTS),
    "admin": {"abort"},
}  # fmt: skip
"""As docs/service.md has it, written down a second time."""
WITHOUT_LEASE = {
    "abort", "stop", "hold", "acknowledge", "note", "shelve", "unshelve", "sign", "lease.take", "lease.request",
    "lease.break",
}  # fmt: skip


def refused(inside: Inside, act: str, **more: Any) -> str:
    """The code of the refusal; empty if it was done."""
    try:
        inside.ask(act, **{**BODIES.get(act, {}), **more})
    except Said as said:
        return said.problem.code
    return ""


def test_every_role_may_what_the_table_says_and_no_more(inside: Inside) -> None:
    for role in ROLES:
        for act in RIGHTS:
            code = refused(inside, act, role=role, client=role)
            assert (code != "not_permitted") == (act in MAY[role]), (role, act, code)
            if act in MAY[role] and act not in WITHOUT_LEASE | {"lease.renew", "lease.release", "lease.keep"}:
                assert code == "no_lease", (role, act, code)  # `lease.take` of before was by another client or freed
            inside.wall_s += 31.0


def test_an_unknown_act_is_nobodys(inside: Inside) -> None:
    with pytest.raises(Said, match="there is no act"):
        inside.ask("format", role="process_engineer")


def test_a_stale_number_is_refused_and_the_new_holder_is_not(inside: Inside) -> None:
    inside.until(lambda: inside.control.controller.adopted)
    old = inside.take()
    inside.wall_s += 31.0
    new = inside.ask("lease.take", user="bert", client="script").fence
    assert new == old + 1
    assert refused(inside, "clear", fence=old) == "no_lease"
    assert refused(inside, "clear", user="bert", client="script", fence=old) == "stale_fence"
    assert refused(inside, "clear", user="bert", client="script") == "stale_fence"
    assert refused(inside, "clear", user="bert", client="script", fence=new) == ""


def test_a_lost_lease_stops_no_run(inside: Inside) -> None:
    inside.ready()
    run = inside.lead("start", recipe="brief").run
    inside.wall_s += 31.0
    inside.scan(10)
    assert inside.control.lease.holder is None
    assert inside.state is State.EXECUTE
    assert refused(inside, "unhold", fence=inside.fence) == "no_lease"
    assert refused(inside, "hold", reason=" ") == "bad_request"
    assert refused(inside, "hold", reason="a look") == ""
    inside.until(lambda: inside.state is State.HELD)
    assert refused(inside, "stop", reason="seen enough") == ""
    inside.until(lambda: inside.state is State.STOPPED)
    ended = inside.control.runbook.ended
    assert ended is not None
    assert (ended.run, ended.state) == (run, "Stopped")
    inside.end()
    texts = [event.text for event in inside.events()]
    assert "the lease of anna (tui) ran out after 30 s without a renewal" in texts


def test_commands_and_refusals_are_events_that_name_user_and_client(inside: Inside) -> None:
    inside.until(lambda: inside.control.controller.adopted)
    assert refused(inside, "clear", reason="too early") == "no_lease"
    assert refused(inside, "start", role="viewer", user="eve", client="curl") == "not_permitted"
    inside.take()
    inside.lead("clear", reason="after the night")
    assert refused(inside, "unhold", fence=inside.fence) == "not_now"
    inside.ask("abort", role="viewer", user="eve", client="curl", reason="smoke")
    inside.until(lambda: inside.state is State.ABORTED)
    inside.ask("abort", role="viewer", user="eve", client="curl", reason="again")
    inside.end()
    found = [(e.kind, e.subject, e.actor, e.why) for e in inside.events() if e.kind in ("command", "refusal")]
    assert found == [
        ("refusal", "clear", "anna (tui)", "too early"),
        ("refusal", "start", "eve (curl)", ""),
        ("command", "lease", "anna (tui)", ""),
        ("command", "clear", "anna (tui)", "after the night"),
        ("refusal", "unhold", "anna (tui)", ""),
        ("command", "abort", "eve (curl)", "smoke"),
        ("command", "abort", "eve (curl)", "again"),
    ]


def test_a_note_is_an_event_of_the_open_run_and_is_told_in_its_story(inside: Inside) -> None:
    inside.until(lambda: inside.control.controller.adopted)
    assert inside.ask("note", text="  new boat in source 2 ", about="source_2").run == ""
    inside.ready()
    run = inside.lead("start", recipe="brief").run
    inside.ask("hold", reason="Hold key")
    assert inside.ask("note", text="spitting seen", about="hold", user="bert").run == run
    assert refused(inside, "note", text=" \n") == "bad_request"
    assert refused(inside, "note", role="viewer", text="me too") == "not_permitted"
    heard = [
        (h.subject, h.text, h.actor, h.run) for h in inside.heard.happenings if h.kind == "note" and h.subject == "hold"
    ]
    assert heard == [("hold", "spitting seen", "bert (tui)", run)]
    inside.end()
    with RecordReader.open(inside.directory) as reader:
        told = [(h.what, h.subject, h.text, h.who) for h in tell(reader, run).interventions]
    assert ("note", "hold", "spitting seen", "bert (tui)") in told
    assert all(text != "new boat in source 2" for _, _, text, _ in told)
    assert any(e.kind == "note" and e.text == "new boat in source 2" and not e.run for e in inside.events())


def test_an_answer_waits_for_the_disk(inside: Inside) -> None:
    inside.until(lambda: inside.control.controller.adopted)
    on_disk = False
    inside.control.desk._settled = lambda: on_disk
    inside.control.heard(
        {"number": 99, "act": "lease.take", "user": "anna", "client": "tui", "role": "operator", "body": {}}
    )
    inside.scan(5)
    assert 99 not in inside.heard.replies
    on_disk = True
    inside.scan()
    assert inside.heard.replies[99].status == 200


def test_a_refusal_tells_state_and_what_is_possible(inside: Inside) -> None:
    inside.until(lambda: inside.control.controller.adopted)
    inside.take()
    with pytest.raises(Said) as said:
        inside.lead("unhold")
    problem = said.value.problem
    assert (problem.state, problem.legal) == ("Aborted", ["clear"])
    assert "unhold is taken in Held" in problem.text


def test_a_run_from_start_to_end_with_its_question(inside: Inside) -> None:
    inside.ready()
    started = inside.lead("start", recipe="brief", sample_id="A17", note="first", reason="try")
    assert started.run.endswith("brief")
    assert refused(inside, "start", fence=inside.fence) == "not_now"
    inside.until(lambda: inside.control.controller.context.question is not None)
    snapshot = inside.seen()
    assert snapshot.question is not None
    assert (snapshot.question.prompt, snapshot.question.answers) == ("agree", ["go", "leave"])
    assert snapshot.job is not None
    assert [step.status for step in snapshot.job.steps] == ["done", "active", "waiting"]
    assert (snapshot.job.sample_id, snapshot.job.operator, snapshot.job.running) == ("A17", "anna", True)
    assert refused(inside, "answer", fence=inside.fence, prompt="agree", answer="perhaps") == "not_now"
    inside.lead("answer", prompt="agree", answer="go")
    inside.until(lambda: inside.state is State.COMPLETE)
    snapshot = inside.seen()
    ended = snapshot.ended
    assert ended is not None
    assert (ended.run, ended.state) == (started.run, "Complete")
    assert snapshot.job is not None
    assert [step.status for step in snapshot.job.steps] == ["done", "done", "done"]
    signed = inside.ask("sign", role="process_engineer", run=started.run, meaning="approved", reason="good")
    assert "approved by anna" in signed.text


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ({"recipe": "bref"}, "not_found", "Did you mean brief"),
        ({"recipe": "../../etc/passwd"}, "not_found", "there is no recipe"),
        ({}, "bad_request", "one of the two"),
        ({"text": "recipe: x", "path": "x.yaml"}, "bad_recipe", "x.yaml:"),
    ],
)
def test_a_recipe_that_is_none_starts_nothing(inside: Inside, body: dict[str, Any], code: str, text: str) -> None:
    inside.ready()
    with pytest.raises(Said, match=text) as said:
        inside.lead("start", **body)
    assert said.value.problem.code == code
    assert inside.state is State.IDLE
    assert bool(said.value.problem.findings) == (code == "bad_recipe")


def test_lease_passes_to_whoever_asks_after_fifteen_seconds(inside: Inside) -> None:
    fence = inside.take()
    asked = inside.ask("lease.request", user="bert", client="tui 2")
    assert asked.remaining_s == 15.0
    lease = inside.seen().lease
    assert lease is not None
    assert lease.wanted_by == "bert (tui 2)"
    with pytest.raises(Said, match=r"anna .* is in control"):
        inside.ask("lease.take", user="bert", client="tui 2")
    inside.wall_s += 15.0
    assert inside.ask("lease.take", user="bert", client="tui 2").fence == fence + 1


def test_the_holder_may_say_no(inside: Inside) -> None:
    fence = inside.take()
    assert refused(inside, "lease.keep", fence=fence) == "not_now"  # nobody asks
    inside.ask("lease.request", user="bert", client="tui 2")
    assert refused(inside, "lease.keep", user="bert", client="tui 2") == "no_lease"
    assert "bert (tui 2)" in inside.ask("lease.keep", fence=fence).text
    assert inside.events()[-1].text.endswith("keeps control, which bert (tui 2) asked for")
    inside.wall_s += 15.0
    lease = inside.seen().lease
    assert lease is not None
    assert (lease.user, lease.wanted_by, lease.fence) == ("anna", "", fence)
    inside.ask("lease.request", user="bert", client="tui 2")  # who was refused may ask again
    inside.wall_s += 15.0
    assert inside.ask("lease.take", user="bert", client="tui 2").fence == fence + 1


def test_control_is_taken_by_force_only_with_a_reason(inside: Inside) -> None:
    inside.take()
    assert refused(inside, "lease.break", role="operator", user="bert") == "not_permitted"
    assert refused(inside, "lease.break", role="process_engineer", user="bert", reason=" ") == "bad_request"
    taken = inside.ask("lease.break", role="process_engineer", user="bert", reason="anna has gone home")
    assert taken.fence is not None
    assert refused(inside, "clear", fence=inside.fence) == "no_lease"


def test_ending_the_service_stops_a_run_and_leaves_it_safe(inside: Inside) -> None:
    inside.ready()
    inside.lead("start", recipe="brief")
    inside.end()
    ended = inside.control.runbook.ended
    assert ended is not None
    assert (ended.state, ended.reason) == ("Stopped", "the service is ended")
    assert inside.events()[-1].kind == "shutdown"


def test_a_second_word_aborts(inside: Inside) -> None:
    inside.ready()
    inside.lead("start", recipe="brief")
    inside.control.interrupt()
    inside.end()
    ended = inside.control.runbook.ended
    assert ended is not None
    assert ended.state == "Aborted"


def test_nonsense_from_the_web_server_ends_no_scan(inside: Inside) -> None:
    for number, (act, body) in enumerate(
        [
            ("set_output", {}),
            ("shelve", {"name": "x", "minutes": "long"}),
            ("turned_away", {}),
            ("evidence", {"events": "x"}),
        ]
    ):
        said = {"number": number, "act": act, "user": "anna", "client": "tui", "role": "process_engineer", "body": body}
        inside.control.heard(said)
    inside.take()
    inside.lead("lease.renew")
    with pytest.raises(Said, match="not understood"):
        inside.lead("set_output", name="roughing_pump")
    inside.scan(3)


def test_what_cannot_be_shown_stops_no_process(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **more: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(inside.control.view, "snapshot", broken)
    inside.control._publish_s = 0.0
    before = inside.control.controller.scans
    inside.scan(30)
    assert inside.control.controller.scans == before + 30
    assert sum("cannot be shown" in text for text, _ in inside.log) == 1


def test_who_hears_that_a_run_has_begun_finds_it_in_the_newest_snapshot(inside: Inside) -> None:
    inside.ready()
    for _ in range(5):
        run = inside.lead("start", recipe="brief").run
        newest = inside.heard.newest_at_reply[inside.number]
        assert newest is not None
        assert newest.job is not None
        assert (newest.job.run, newest.job.running) == (run, True)
        inside.ask("stop", reason="once more")
        inside.until(lambda: inside.state is State.STOPPED)
        inside.lead("reset")
        inside.until(lambda: inside.state is State.IDLE)
