from gitexp.cli.options import AsJson, Name
from gitexp.cli.views import show as views
from gitexp.lab.project import open_project
from gitexp.workflows.show import show as workflow


def show(name: Name = None, json_: AsJson = False) -> None:
    """Show one experiment in full.

    Its hypothesis, criterion and verdict, every pair of runs, and where they ran.
    """
    views.show(workflow(open_project(), name), as_json=json_)
