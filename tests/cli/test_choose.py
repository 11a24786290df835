"""`audit metrics choose` recommends with reasons, and asks only where nobody has said."""

from audit.cli import entry


def said(capsys, *words: str) -> tuple[int, str, str]:
    code = entry.run(["metrics", "choose", *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_flags_lead_to_the_metric_that_python_recommends(capsys):
    code, out, _ = said(capsys, "--outcomes-known", "--errors", "false_denials")
    assert code == 0
    assert out.startswith("Judge by equal_opportunity_difference")
    assert "What it gives up" in out


def test_what_is_not_said_off_a_terminal_is_named_with_a_command_that_runs(capsys):
    code, _, err = said(capsys)
    assert code == 2
    assert "--outcomes-unknown" in err
    assert said(capsys, "--outcomes-unknown")[0] == 0


def test_an_unknown_rule_is_answered_with_those_there_are(capsys):
    code, _, err = said(capsys, "--outcomes-known", "--rule", "us-credits")
    assert code == 2
    assert "us-credit" in err


def test_every_kind_of_metric_is_listed(capsys):
    from audit.metrics import CATALOGUE

    assert entry.run(["metrics"]) == 0
    out = capsys.readouterr().out
    assert all(key in out for key in CATALOGUE)


def test_y_and_n_are_answers_too(monkeypatch):
    from audit.cli import choosing

    for typed, meant in (("y", True), ("Yes", True), ("n", False), ("NO", False), ("-", False)):
        monkeypatch.setattr(
            choosing, "ask", lambda question, read, *, explain, typed=typed: read(typed)
        )
        assert choosing._yes_or_no("Known?", "") is meant
