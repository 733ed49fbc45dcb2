"""The remote where runs of other machines meet: what it must have, and what has come there."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable

from gitexp.errors import NotReady
from gitexp.lab.projects.project import Project
from gitexp.store.fetch import unreachable
from gitexp.store.git_output import decode
from gitexp.store.local import read_json, write_json
from gitexp.store.push import Push, push
from gitexp.store.refs import FETCHED, SHARED_RUNS

_KNOWN = "meeting.json"  # remotes that were seen to take refs of runs


class Meeting:
    """A remote, by its name here and by the URL that other machines use.

    `sync` brings the remote and this clone to the same state.
    """

    def __init__(
        self, project: Project, remote: str, sync: Callable[[], object], tree: str
    ) -> None:
        self.repository, self.remote, self.tree = project.repository, remote, tree
        self._project, self._sync = project, sync
        self.url = self._find_url()
        self._passed: set[str] = set()  # refs that were there at the last sync

    def _find_url(self) -> str:
        url = self.repository.git.text("remote", "get-url", "--", self.remote).splitlines()[0]
        is_path = "://" not in url and not re.match(r"[^/]*:", url)
        if is_path:
            top = self.repository.top or self.repository.common
            url = os.path.normpath(top / url)
        return url

    def demand_ready(self, bases: Iterable[str]) -> None:
        """Make sure, before anything is submitted, that workers find what they need there.

        Raises:
            NotReady: the remote lacks a baseline commit, or takes no refs of runs.
        """
        self._demand_baselines(bases)
        self._demand_refs()
        self._sync()  # what workers need to know of earlier runs goes by the same way

    def _demand_baselines(self, bases: Iterable[str]) -> None:
        git, baseline = self.repository.git, self._project.baseline
        place = f"{FETCHED}{self.remote}/baseline/{baseline}"
        done = git.run(
            "fetch", "--no-tags", "--quiet", "--no-write-fetch-head", "--refmap=",
            "--no-recurse-submodules", "--no-auto-maintenance", "--", self.remote,
            f"+refs/heads/{baseline}:{place}", allow=range(1, 256),
        )  # fmt: skip
        if done.returncode and "couldn't find remote ref" not in decode(done.stderr):
            raise unreachable(self.remote, decode(done.stderr))
        for base in bases:
            if done.returncode or not git.succeeds("merge-base", "--is-ancestor", base, place):
                raise NotReady(
                    f"{self.remote} does not have the baseline commit {base[:10]} on {baseline}, so"
                    " other machines cannot run it",
                    f"git push {self.remote} {baseline}",
                )

    def _demand_refs(self) -> None:
        """Push a ref and delete it again; once for each remote."""
        path = self.repository.local / _KNOWN
        known = read_json(path)
        if known.get(self.url):
            return
        tip = self._project.tip
        ref = f"{SHARED_RUNS}{tip}/0-{os.urandom(6).hex()}"
        answer = push(self.repository, self.remote, [Push(ref, tip)], atomic=False).get(ref)
        why = answer.why if answer else "it did not say why"
        if why:
            raise NotReady(
                f"{self.remote} takes no refs below refs/gitexp/, through which runs on other"
                f" machines come back: {why}",
                "use another remote for them, such as a bare repository on a host of yours: git"
                " init --bare PATH && git remote add runs HOST:PATH && git push runs"
                f" {self._project.baseline}, then add to the same command: --remote runs",
            )
        push(self.repository, self.remote, [Push(ref, "", tip)], atomic=False)
        write_json(path, known | {self.url: True})

    def fold(self) -> bool:
        """Fold in runs that have come; whether there were any.

        Raises:
            NotReady: the remote cannot be reached.
        """
        words = ("ls-remote", "--refs", "--", self.remote, f"{SHARED_RUNS}*")
        done = self.repository.git.run(*words, allow=range(1, 256))
        if done.returncode:
            raise unreachable(self.remote, decode(done.stderr))
        there = {*decode(done.stdout).splitlines()}
        if there <= self._passed:
            return False  # what is left there holds no run
        self._sync()
        self._passed = there
        return True
