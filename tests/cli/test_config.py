"""audit.toml: read, checked, written; an unknown key is never ignored."""

from pathlib import Path

import pytest

from audit.cli import config, options
from audit.cli.settings import SETTINGS, Raw
from audit.errors import InputError

SETTINGS_HELD = {
    "data": "loans.csv",
    "protected": ("sex", "age"),
    "bins": {"age": (26, 40)},
    "reference": {"sex": "male", "age": 30},
    "decision": "approved",
    "favorable": {"decision": (1,), "outcome": ("good", "ok")},
    "unfavorable": {"decision": (False,)},
    "levels": ("A", 2, True),
    "amount": {"credit limit": "higher"},
    "cutoff": 0.15,
    "model": "m.txt",
    "returns": False,
    "where": 'product == "card"\\n',
    "missing": "error",
    "min_rows": 50,
    "output": ("loans.html",),
    "strict": True,
    "fail_on": "review",
}


def test_what_is_written_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("audit.toml").write_text(config.write_text(SETTINGS_HELD))
    assert config.load(Path("audit.toml")).settings == SETTINGS_HELD


def test_every_commented_example_is_a_valid_setting(tmp_path: Path) -> None:
    """Uncommenting any line of a fresh audit.toml gives a file that loads."""
    for line in config.write_text({}).splitlines():
        key = line.removeprefix("# ").split(" = ")[0]
        if key in SETTINGS:
            path = tmp_path / "audit.toml"
            path.write_text(line.removeprefix("# "))
            assert key in config.load(path).settings


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / "audit.toml"
    path.write_text('data = "d/loans.csv"\noutput = "r.html"\npolicy = "own.toml"\n')
    found = config.load(path).settings
    assert found["data"] == str(tmp_path / "d" / "loans.csv")
    assert found["output"] == (str(tmp_path / "r.html"),)
    assert found["policy"] == str(tmp_path / "own.toml")
    path.write_text('data = "s3://bucket/loans.parquet"\n')
    assert config.load(path).settings["data"] == "s3://bucket/loans.parquet"


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("protcted = 'sex'", "CLI012", "did you mean 'protected'"),
        ("fail-on = 'fail'", "CLI012", "did you mean 'fail_on'"),
        ("zzz = 1", "CLI012", "audit init"),
        ("protected = 1", "CLI013", 'like \\["sex", "age"\\]'),
        ("cutoff = true", "CLI013", "0.15"),
        ("cutoff = '0.15'", "CLI013", "0.15"),
        ("missing = 'drop'", "CLI013", "group, error"),
        ("bins = { age = 26 }", "CLI013", "age"),
        ("favorable = { decision = [] }", "CLI013", "decision"),
        ("data = 1", "CLI013", "text in quotes"),
        ("protected = ", "CLI011", "not TOML"),
    ],
)
def test_a_faulty_file_is_refused(tmp_path: Path, text: str, code: str, says: str) -> None:
    path = tmp_path / "audit.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=says) as caught:
        config.load(path)
    assert caught.value.code == code


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        config.load(tmp_path / "audit.toml")


def test_pyproject_is_used_only_with_its_table(tmp_path: Path) -> None:
    project = tmp_path / "pyproject.toml"
    project.write_text("[tool.other]\nx = 1\n")
    assert config.discover(tmp_path) is None
    with pytest.raises(InputError, match=r"no \[tool.audit\] table"):
        config.load(project)
    project.write_text('[tool.audit]\npolicy = "research"\n')
    assert config.discover(tmp_path) == project
    assert config.load(project).settings == {"policy": "research"}
    (tmp_path / "audit.toml").write_text("seed = 1\n")
    assert config.discover(tmp_path) == tmp_path / "audit.toml"


def gathered(
    folder: Path, text: str, file: str | None = None, **flags: object
) -> dict[str, object]:
    path = folder / "audit.toml"
    path.write_text(text)
    return options.gather(flags, file=file, config_file=str(path))


def test_flags_beat_the_file_entry_by_entry(tmp_path: Path) -> None:
    """A flag for one column or part leaves what the file says about the others."""
    found = gathered(
        tmp_path,
        'policy = "research"\nbins = { age = [26], income = [10] }\nfavorable = { decision = 1 }\n',
        bins=("age=30",),
        favorable=("outcome=1",),
        policy=("us-credit",),
        level=(),
        strict=None,
    )
    assert found == {
        "policy": "us-credit",
        "bins": {"age": (30,), "income": (10,)},
        "favorable": {"decision": (1,), "outcome": (Raw("1"),)},
    }


def test_a_found_file_about_other_data_is_left_alone_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("audit.toml").write_text('data = "loans.csv"\nseed = 7\n')
    other = options.gather({}, file="other.csv", config_file=None)
    assert other == {"data": "other.csv"}
    assert "was not used" in capsys.readouterr().err
    own = options.gather({}, file=None, config_file=None)
    assert own == {"data": "loans.csv", "seed": 7}
    assert "settings from audit.toml" in capsys.readouterr().err


def test_the_documentation_lists_every_key_with_its_option_and_an_example() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    for key, setting in SETTINGS.items():
        row = next((line for line in page.splitlines() if line.startswith(f"| `{key}` |")), "")
        assert setting.flag in row
        assert f"`{setting.toml}`" in row
        assert setting.help in row


def test_the_documented_file_is_valid(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    path = tmp_path / "audit.toml"
    path.write_text(page.partition("```toml\n")[2].partition("```")[0])
    assert config.load(path).settings["fail_on"] == "review"
