from gitexp.cli import live
from gitexp.cli.options import AsJson
from gitexp.cli.views import run as views
from gitexp.lab.project import open_project
from gitexp.workflows.try_work_tree import try_work_tree


def try_(json_: AsJson = False) -> None:
    """Run the work tree as it is, on a part of the data.

    Edits and new files are tried without a commit, with the settings of the baseline: on the shares
    that `sample` names there, else on all of the data. Nothing is registered, and nothing recorded.
    """
    with live.watcher() as watcher:
        done = try_work_tree(open_project(), watcher=watcher)
    views.tried(done, as_json=json_)
