"""A GitHub Actions workflow: a machine that forgets all, so the ledger stands on a branch.

The branch is taken by a commit before anything is sent, and given back by another one: where a
run ends in between, the next one stops, for nobody can tell what it sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.metadata import Distribution, version
from pathlib import Path

from announce.errors import GateError
from announce.installing.job import Job
from announce.model.project import Project
from announce.texts import say, spoken

MARK = "# Written by `announce schedule install --with github`."
BRANCH = "announce-ledger"
_LEDGER = "sqlite:///.announce/ledger.sqlite3"

# Late by minutes, or left out when much is to do:
# https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
_TEXT = """\
{mark}
# GitHub calls it when it finds the time: minutes late, and now and then not at all. What is due
# goes with the next call, within the entry's grace. The ledger stands on the branch {branch}.
name: announce schedule
on:
  schedule:
    - cron: "*/{every} * * * *"
  workflow_dispatch: {{}}
permissions:
  contents: write
concurrency:
  group: announce-schedule
  cancel-in-progress: false
jobs:
  run:
    runs-on: ubuntu-latest
    timeout-minutes: 300
    env:
      ANNOUNCE_UI: {language}
      GH_TOKEN: ${{{{ github.token }}}}
{secrets}    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - name: Install announce
        run: pip install {requirement}
      - name: The ledger holds addresses, so the repository must be private
        run: test "$(gh api "repos/$GITHUB_REPOSITORY" --jq .private)" = true
      - name: Take the ledger where something is due
        id: take
        run: |
          set -eu
          git config user.name "announce schedule"
          git config user.email "announce@users.noreply.github.com"
          if git ls-remote --exit-code origin refs/heads/{branch} > /dev/null; then
            git fetch --depth 1 origin {branch}
            git worktree add --detach .announce FETCH_HEAD
          else
            git worktree add --detach --no-checkout .announce HEAD
            git -C .announce checkout --orphan {branch}
            git -C .announce rm -rq --cached .
          fi
          if [ -e .announce/taken ]; then
            echo "::error::Run $(cat .announce/taken) took the ledger and did not give it back." \\
              "Look at what it sent, then remove the file 'taken' on the branch {branch}."
            exit 1
          fi
          announce --json schedule run --dry-run > due.json || true
          if python -c 'import json; exit(not json.load(open("due.json"))["occurrences"])'; then
            echo "$GITHUB_RUN_ID" > .announce/taken
            git -C .announce add -A
            git -C .announce commit -qm "Taken by run $GITHUB_RUN_ID"
            git -C .announce push -q origin HEAD:refs/heads/{branch}
            echo "due=yes" >> "$GITHUB_OUTPUT"
          fi
      - name: Send what is due
        if: steps.take.outputs.due == 'yes'
        run: announce schedule run{sandbox}
      - name: Give the ledger back
        if: always() && steps.take.outputs.due == 'yes'
        run: |
          set -eu
          rm .announce/taken
          git -C .announce add -A
          git -C .announce commit -qm "Given back by run $GITHUB_RUN_ID"
          git -C .announce push -q origin HEAD:refs/heads/{branch}
"""


def path_of(job: Job) -> Path:
    """The workflow's file."""
    return job.root / ".github" / "workflows" / "announce-schedule.yml"


def workflow(job: Job, names: Iterable[str]) -> str:
    """The workflow's text; `names` are the variables that come from the repository's secrets."""
    secrets = "".join(f"      {name}: ${{{{ secrets.{name} }}}}\n" for name in names)
    return _TEXT.format(
        mark=MARK,
        branch=BRANCH,
        every=job.every,
        language=spoken(),
        secrets=secrets,
        requirement=requirement(job),
        sandbox=" --sandbox" if job.sandbox else "",
    )


def requirement(job: Job) -> str:
    """What a runner installs: the project itself, where it is that of `announce`; else what is
    installed here, from where it was installed."""
    if (job.root / "src" / "announce").is_dir():
        return "."
    source = _repository()
    return f'"announce @ {source}"' if source else f'"{pinned()}"'


def pinned() -> str:
    """This version, as a package index is asked for it."""
    return f"announce=={version('announce')}"


def _repository() -> str:
    """The address and commit that it was installed from, where that was a repository:
    https://packaging.python.org/en/latest/specifications/direct-url-data-structure/"""
    text = Distribution.from_name("announce").read_text("direct_url.json")
    known = json.loads(text) if text else {}
    of = known.get("vcs_info")
    if not of:
        return ""
    folder = f"#subdirectory={known['subdirectory']}" if known.get("subdirectory") else ""
    return f"{of['vcs']}+{known['url']}@{of['commit_id']}{folder}"


def refuse_what_it_cannot_hold(project: Project, keyrings: Iterable[str]) -> None:
    """GateError where the settings need something that no runner of GitHub's has."""
    if project.settings.ledger != _LEDGER:
        raise GateError(
            say("the ledger is {ledger}: a runner of GitHub's begins without it",
                ledger=project.settings.ledger),
            hint=say("with GitHub Actions the ledger must stand where it does by default"),
        )  # fmt: skip
    if any(keyrings):
        raise GateError(
            say("the settings name a keyring: a runner of GitHub's has none"),
            hint=say("name a variable instead, and keep it in the repository's secrets"),
        )
