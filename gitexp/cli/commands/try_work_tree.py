from gitexp.cli import live
from gitexp.cli.options import AsJson
from gitexp.cli.views import samples
from gitexp.lab.projects.project import open_project
from gitexp.workflows.try_work_tree import try_work_tree


def try_(json_: AsJson = False) -> None:
    """Run the work tree as it is, on part of the data.

    Tries your edits and new files without a commit, with the baseline's settings: on the shares of
    the data that `sample` lists there, otherwise on all of it. Nothing is registered or recorded.
    """
    with live.watcher() as watcher:
        done = try_work_tree(open_project(), watcher=watcher)
    samples.tried(done, as_json=json_)
