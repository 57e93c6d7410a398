"""0 done as asked, 1 did not pass, 2 wrong usage, 70 a bug; every refusal a sentence, never a traceback."""

import errno
import io
import re
from pathlib import Path

import pytest

import pvdctl as package
from pvdctl.cli import exits
from pvdctl.errors import Bug, OperatorError, RecordError
from tests.cli.command import BRIEF, CHAMBER, LI3N, LZLN, VENT, pvdctl


@pytest.fixture
def brief(tmp_path: Path) -> Path:
    path = tmp_path / "brief.yaml"
    path.write_text(BRIEF)
    return path


def test_version_and_help_are_done_as_asked(tmp_path: Path) -> None:
    version = pvdctl(tmp_path, "--version")
    assert (version.code, version.out, version.err) == (0, f"pvdctl {package.__version__}\n", "")
    for command in ("check", "simulate", "runs", "show"):
        told = pvdctl(tmp_path, command, "--help")
        assert told.code == 0
        assert told.err == ""
        assert f"Usage: pvdctl {command}" in told.out


def test_every_shipped_recipe_passes_the_check(tmp_path: Path) -> None:
    told = pvdctl(tmp_path, "check", *sorted(LZLN.parent.glob("*.yaml")), "--chamber", CHAMBER)
    assert told.code == 0
    assert told.err == ""
    assert len(told.out.splitlines()) == len(list(LZLN.parent.glob("*.yaml")))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["check"], "Missing argument"),
        (["check", "nowhere.yaml"], "recipe nowhere.yaml cannot be read: No such file or directory"),
        (["check", LZLN, "--chamber", "nowhere.yaml"], "chamber file nowhere.yaml cannot be read"),
        (["check", LZLN, "--chambre", CHAMBER], "No such option"),
        (["bake", LZLN], "No such command"),
        (["simulate", "nowhere.yaml"], "recipe nowhere.yaml cannot be read"),
        (["simulate", LZLN, "--speed", "0"], "--speed"),
        (["simulate", LZLN, "--seed", "one"], "--seed"),
        (["simulate", LZLN, "--fault", "leek@90s"], "did you mean leak"),
        (["simulate", LZLN, "--fault", "leak"], "wanted NAME@WHEN"),
        (["simulate", LZLN, "--fault", "leak@soon"], "wanted a time such as 90s or 2min"),
        (["simulate", LZLN, "--fault", "mute@zink.deposit:link=monitor"], "the recipe has no step 'zink'"),
        (["simulate", LZLN, "--fault", "mute@90s:link=monitr"], "no instrument 'monitr'; did you mean monitor"),
        (["simulate", VENT], "--answer agree=yes"),
        (["simulate", VENT, "--answer", "agree=maybe"], "that prompt takes agree=yes or agree=no"),
        (["simulate", VENT, "--answer", "agre=yes"], "has no prompt 'agre'; did you mean agree?"),
        (["simulate", VENT, "--answer", "yes"], "--answer wants PROMPT=ANSWER"),
        (["simulate", VENT, "--answer", "agree=yes", "--answer", "agree=no"], "is answered 'yes' already"),
        (["simulate", LI3N, "--record", "/proc/none"], "record /proc/none cannot be opened"),
        (["runs", "--record", "nowhere"], "no record in"),
        (["show", "last", "--record", "nowhere"], "no record in"),
    ],
)  # fmt: skip
def test_wrong_usage_is_2_and_says_what_is_wrong(tmp_path: Path, given: list[str | Path], sentence: str) -> None:
    told = pvdctl(tmp_path, *given)
    assert told.code == 2, told
    assert told.out == ""
    assert sentence in re.sub(r"\s+", " ", told.err)


def test_a_recipe_that_does_not_fit_the_chamber_is_1(tmp_path: Path) -> None:
    recipe = tmp_path / "greedy.yaml"
    recipe.write_text(LZLN.read_text().replace("film: Zn", "film: Zm"))
    told = pvdctl(tmp_path, "check", recipe, LZLN)
    assert told.code == 1
    assert "lzln cannot be made on provap: 1 error" in told.out
    assert f"{LZLN}: lzln can be made on provap" in told.out  # one bad recipe hides no good one
    assert "wanted a film of the chamber file, found 'Zm'" in told.err
    refused = pvdctl(tmp_path, "simulate", recipe, "--record", tmp_path / "record")
    assert refused.code == 1
    assert "was not run" in refused.err
    assert not (tmp_path / "record").exists()


def test_warnings_are_told_and_pass(tmp_path: Path) -> None:
    recipe = tmp_path / "thin.yaml"
    recipe.write_text(LZLN.read_text().replace("thickness: 300 nm", "thickness: 3 nm"))
    told = pvdctl(tmp_path, "check", recipe)
    assert told.code == 0
    assert ": warning: step zinc" in told.err


def test_a_run_that_fails_is_1_and_names_the_cause(tmp_path: Path, brief: Path) -> None:
    told = pvdctl(tmp_path, "simulate", brief, "--fault", "mute@wait.*:link=plc", "--fault", "leak@1h")
    assert told.code == 1
    assert "Aborted: interlock estop" in told.out
    assert "fault   at" in told.out
    assert "mute@wait.*:link=plc" in told.out
    assert "fault leak@1h did not happen" in told.err


def test_runs_and_show_without_a_run_of_that_name(tmp_path: Path, brief: Path) -> None:
    assert pvdctl(tmp_path, "simulate", brief).code == 0
    assert "brief" in pvdctl(tmp_path, "runs").out  # the default record, below XDG_DATA_HOME
    told = pvdctl(tmp_path, "show", "2020")
    assert told.code == 2
    assert "there is no run '2020'" in told.err
    told = pvdctl(tmp_path, "runs", "--since", "yesterday")
    assert told.code == 2
    assert "wanted a UTC date such as 2026-11-22, found 'yesterday'" in told.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (exits.WrongUsage("so not"), 2),
        (RecordError("the disk is full"), 2),
        (OperatorError("too thick"), 1),
        (Bug("two runs at once"), 70),
        (ValueError("never thought of"), 70),
    ],
)
def test_each_kind_of_error_has_its_code(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert exits.tell(error) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert str(error) in told.err
    kept = list(tmp_path.glob("pvdctl-bug-*.txt"))
    assert len(kept) == (code == 70)
    if kept:
        assert f"Please report it with the file {kept[0]}" in told.err
        assert str(error) in kept[0].read_text()


def test_a_terminal_that_was_closed_fails_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.TextIOBase):
        """As the terminal of a lost ssh."""

        def write(self, text: str) -> int:
            raise OSError(errno.EIO, "Input/output error")

        def fileno(self) -> int:
            return file.fileno()

    with (tmp_path / "terminal").open("w") as file:
        monkeypatch.setattr("sys.stderr", Closed())
        exits.say("the process goes on")
        assert Path(f"/proc/self/fd/{file.fileno()}").resolve() == Path("/dev/null")


def test_a_bug_is_told_even_where_nothing_can_be_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    assert exits.tell(Bug("two runs at once")) == 70
    assert "Bug: two runs at once" in capsys.readouterr().err
