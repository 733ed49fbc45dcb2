"""The refs that gitexp keeps, and what each of them holds.

refs/heads/exp/<name>                    an experiment
refs/gitexp/archive/<name>               an archived experiment
refs/gitexp/kept/<commit>                a commit with records, whatever becomes of its branch
refs/gitexp/runs/<commit>/<seed>-<id>    one run of another machine, until `sync` has read it
refs/gitexp/remote/<remote>/...          what a remote had when it was last fetched
refs/gitexp/rehearsal/<remote>/...       the same, while `sync --dry-run` runs
refs/gitexp/outgoing/...                 what is being pushed, while a push of many refs runs
refs/notes/gitexp                        verdicts, for people to read in `git log`
refs/notes/gitexp-runs                   records
refs/notes/gitexp-data                   environments, outcomes, and what else is bulky
refs/notes/gitexp-logs                   output of runs
"""

from __future__ import annotations

HEADS = "refs/heads/exp/"
ARCHIVE = "refs/gitexp/archive/"
KEPT = "refs/gitexp/kept/"
REMOTES = "refs/remotes/"
REMOTE_HEADS = f"{REMOTES}*/exp/*"  # other people's branches, as `git fetch` stores them

SHARED_RUNS = "refs/gitexp/runs/"
FETCHED = "refs/gitexp/remote/"
REHEARSAL = "refs/gitexp/rehearsal/"
OUTGOING = "refs/gitexp/outgoing/"

VERDICTS = "refs/notes/gitexp"
RUNS = "refs/notes/gitexp-runs"
BULK = "refs/notes/gitexp-data"
LOGS = "refs/notes/gitexp-logs"
NOTES = (VERDICTS, RUNS, BULK, LOGS)
