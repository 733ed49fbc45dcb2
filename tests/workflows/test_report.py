"""`gitexp report`: where a project stands, as Markdown and as JSON."""

from __future__ import annotations

from tests.arrange import settle
from tests.project import World


def test_a_report_has_goals_ladder_verdicts_and_what_is_open(ready: World) -> None:
    settle(ready, repeats=[3], planned=1, error_budget=0.4)
    ready.gitexp("goal", "accuracy >= 0.97")
    won = ready.start("--set", "model.C=10", "--gain", "0.02", "--chance", "0.5",
                      text="C=10 lifts accuracy because @ada saw <b>it</b> | #1")  # fmt: skip
    ready.gitexp("run")
    ready.gitexp("accept", won)
    ready.write("train.py", (ready.path / "train.py").read_text() + "# tidy\n")
    ready.commit("Tidy up")
    lost = ready.start("--set", "model.C=9.9", "--expect", "accuracy +0.05")
    ready.gitexp("run")
    waiting = ready.start("--set", "train.lr=2e-3")
    out = ready.gitexp("report").out
    head, drawn, goals, ladder, verdicts, waits, campaign = out.split("\n## ")
    assert head.startswith("# accuracy on main\n\n3 experiments up to ")
    assert "- accuracy 0.9" in head
    assert "1 confirmed, 1 ruled out, 1 open" in head
    lines = drawn.splitlines()
    assert lines[1] == lines[-1].replace("```", "```text") == "```text"
    # Both may be of the same second, and then stand in either order.
    assert {line[:20].rstrip() for line in lines[3:-3]} == {
        "✗  model.C 10 → 9.9", "✓* model.C 1.0 → 10",
    }  # fmt: skip
    assert all(("┊" in line and "│" in line) or "●" in line for line in lines[3:-3])
    assert lines[-2] == "✓ confirmed   ✗ ruled out   * [accepted]   ┊ the gain asked for"
    assert "Goal accuracy >= 0.97: at 0.9" in goals
    assert f"exp/{won}: C=10 lifts accuracy because @<!-- -->ada saw \\<b>it\\</b> \\|" in ladder
    assert "UNTESTED STEP" in ladder
    assert "Tidy up" in ladder
    assert f"| exp/{lost} |" in verdicts
    assert f"| exp/{won} | `config.toml: model.C = 1.0 -> 10` | CONFIRMED (accepted) |" in verdicts
    assert "RULED OUT" in verdicts
    assert f"- exp/{waiting} (planned): " in waits
    assert "experiments run, " in campaign
    assert "in all campaigns, expect up to 0." in campaign
    assert "gains claimed +0.01" in campaign
    tables = [line for line in out.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in tables} == {5, 6}
    assert len(out.splitlines()) < 60
    content = ready.gitexp("report", "--json").json
    # Of one second, names decide the order.
    assert {row["name"] for row in content["experiments"]} == {waiting, lost, won}
    assert content["standing"]["ladder"]["accepted"] == 1
    assert content["standing"]["all_confirmed"] == 1
    assert 0 < content["standing"]["false_expected"] < 1
    assert content["calibration"]["decided"] == 1
    assert content["goals"][0]["goal"] == "accuracy >= 0.97"


def test_a_report_of_nothing_is_one_too(ready: World) -> None:
    out = ready.gitexp("report").out
    assert out.startswith("# accuracy on main\n\n0 experiments")
    assert "## Verdicts" not in out


def test_a_report_goes_to_a_file_and_long_tables_are_cut(ready: World) -> None:
    for value in (2, 3, 4):
        ready.start("--set", f"model.C={value}")
    assert ready.gitexp("report", "--number", "2", "--output", "report.md").out == ""
    written = (ready.path / "report.md").read_text(encoding="utf-8")
    assert "And 1 older experiments: `gitexp log`." in written
    ready.gitexp("report", "--number", "2", "--output", "report.md")
    assert (ready.path / "report.md").read_text(encoding="utf-8") == written
    assert "cannot be written" in ready.gitexp("report", "--output", "no/such/x.md", code=2).err
    assert [path.name for path in ready.path.iterdir() if "report" in path.name] == ["report.md"]


def test_a_report_takes_the_place_of_reports_alone(ready: World) -> None:
    said = ready.gitexp("report", "-o", "README.md", code=2).err
    assert "README.md exists, and gitexp did not write it: it stays as it is" in said
    assert (ready.path / "README.md").read_text() == "A project.\n"
    target = ready.write("elsewhere.md", "")
    (ready.path / "link.md").symlink_to(target)
    assert "link.md is a link" in ready.gitexp("report", "-o", "link.md", code=2).err
    (ready.path / "folder.md").mkdir()
    assert "is not a file" in ready.gitexp("report", "-o", "folder.md", code=2).err
    assert target.read_text() == ""
    ready.gitexp("report", "-o", "elsewhere.md")
    assert target.read_text().startswith("# accuracy on main")


def test_what_cannot_be_written_is_said_with_what_can(ready: World) -> None:
    for words, said in (
        (("-o", "report.docx"), "a report is .html, .md or .json"),
        (("--only", "climb"), "gitexp report -o climb.svg --only climb"),
        (("--open",), "--open needs a file"),
        (("--json", "-o", "report.html"), "--json does not go into report.html"),
        (("brave-otter",), "only pairs and curves are of one experiment"),
    ):
        assert said in ready.gitexp("report", *words, code=2).err
