from gitexp.cli.options import AsJson, Name
from gitexp.cli.views import plan as views
from gitexp.lab.project import open_project
from gitexp.workflows.retest import retest as workflow


def retest(name: Name = None, json_: AsJson = False) -> None:
    """Test a change again: new baseline, fresh seeds.

    Registers the same change on the current tip of the baseline branch, as a new experiment.
    """
    views.started(workflow(open_project(), name), as_json=json_)
