"""What a run has finished so far, kept beside the tables so that a killed run can go on."""

import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from echelon.code import code_version
from echelon.lake.checks.guard import Check
from echelon.lake.files import list_files, read_text, write_text


@dataclass
class RunState:
    """The progress of one run. `tables` maps each published table to its Delta version, `rows` to its rows; `inputs` each
    input to the fingerprint of its rows."""

    run_id: str
    configuration: str
    code: str = field(default_factory=code_version)
    run_date: date | None = None
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    tables: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    finished: bool = False

    def save(self, output: str) -> None:
        """Write the state; atomic."""
        content = asdict(self) | {"run_date": self.run_date.isoformat() if self.run_date else None}
        write_text(f"{output}/runs/{self.run_id}.json", json.dumps(content, indent=1))


def new_run(configuration: str) -> RunState:
    """A run that has done nothing yet. The random ending keeps two runs of one second, or a turned-back clock, apart."""
    return RunState(f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}", configuration)


def unfinished_run(output: str, configuration: str) -> RunState | None:
    """The newest unfinished run of the same configuration and code, if there is one."""
    for name in reversed(list_files(f"{output}/runs")):
        if not name.endswith(".json"):
            continue
        state = _parse(read_text(f"{output}/runs/{name}") or "{}")
        if state and not state.finished and (state.configuration, state.code) == (configuration, code_version()):
            return state
    return None


def _parse(text: str) -> RunState | None:
    """The state, None if another version of Echelon wrote it: such a run can't go on here."""
    content = json.loads(text)
    try:
        content["run_date"] = date.fromisoformat(content["run_date"]) if content["run_date"] else None
        content["checks"] = [Check(**check) for check in content["checks"]]
        return RunState(**content)
    except (KeyError, TypeError):
        return None
