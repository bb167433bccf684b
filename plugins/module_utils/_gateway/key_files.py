# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the teams' keys on a node, and what nginx reads of them: what has to change, and the change."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Set, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import keys
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import secrets
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

MODE = 0o600
NO_LIMITS = {"rate": 0, "burst": 0, "concurrency": 0}


class Places(NamedTuple):
    folder: Path  # of the secrets
    map: str
    header: str
    engine_secret: str  # name of the engine's own key in the folder
    page: str = ""  # nginx's map of the key that the chat page brings to the gateway's own listener
    page_secret: str = "page-key"  # noqa: S105  its name
    device: str = ""  # the secret with which nginx signs what a browser is remembered by


DEVICE = "gateway-device"


class Change(NamedTuple):
    """The difference between what is there and what is wanted."""

    secrets: Dict[str, str]  # name in the folder: key
    texts: Dict[str, str]  # path: what nginx reads
    remove: List[str]
    made: List[str]  # teams with a new key
    before: Dict[str, str]  # team: hash
    after: Dict[str, str]

    @property
    def needed(self) -> bool:
        return bool(self.secrets or self.texts or self.remove)

    @property
    def revoked(self) -> List[str]:
        return sorted(set(self.before) - set(self.after))

    def diff(self) -> Dict[str, str]:
        """Names and states, never a key or its hash."""
        marks = {name: ": new key" if name in self.made else self._mark(name) for name in self.after}
        return {
            "before": "".join(f"{name}\n" for name in sorted(self.before)),
            "after": "".join(f"{name}{marks[name]}\n" for name in sorted(self.after)),
        }

    def _mark(self, name: str) -> str:
        return "" if self.before.get(name) == self.after[name] else ": other key"


def change(rows: List[Mapping[str, Any]], wanted: bool, places: Places) -> Change:
    """What has to be written and removed. A list that is short by mistake removes no file: a key stays what it was."""
    given: List[Mapping[str, Any]] = [{key: row[key] for key in row if row[key] is not None} for row in rows if wanted]
    teams = keys.parse(given, NO_LIMITS)
    write, made, hashes = _wanted_keys(teams, places.folder)
    engine_key = secrets.read(places.folder / places.engine_secret) or ""
    there = _files(places.folder)
    gone = {team.secret for team in teams if team.state == "absent" or team.sha256} if wanted else there
    remove = [str(places.folder / name) for name in sorted(gone & there)]
    texts = {places.map: keys.render_map(hashes), places.header: keys.render_engine(engine_key, places.engine_secret)}
    if places.page:
        # A page from before it had a key of its own brings the engine's.
        texts[places.page] = keys.render_page(secrets.read(places.folder / places.page_secret) or engine_key)
    if places.device:
        signs = secrets.read(places.folder / DEVICE)
        if not signs and wanted:
            signs = write[DEVICE] = secrets.make(keys.KEY_LENGTH)
        texts[places.device] = f'export default "{signs}";\n'
    if not wanted and places.device and (places.folder / DEVICE).exists():
        remove.append(str(places.folder / DEVICE))
    if wanted:
        texts = {path: text for path, text in texts.items() if _outdated(path, text)}
    else:
        remove += [path for path in texts if Path(path).exists()]
        texts = {}
    after = {team.name: value for value, team in hashes.items()}
    return Change(write, texts, remove, made, teams_of(read_text(places.map)), after)


def apply(wanted: Change, places: Places) -> None:
    if wanted.secrets:
        secrets.private_folder(str(places.folder))
    for name, value in wanted.secrets.items():
        write_atomic(str(places.folder / name), value + "\n", MODE, 0, 0)
    for path, text in wanted.texts.items():
        write_atomic(path, text, MODE, 0, 0)
    for path in wanted.remove:
        os.unlink(path)


def teams_of(text: str) -> Dict[str, str]:
    """The hash of each team, as nginx's map has them."""
    rows = [
        line.split() for line in text.splitlines() if line.startswith("    ") and not line.startswith("    default")
    ]
    return {row[1].strip('";!'): row[0] for row in rows}


def _wanted_keys(teams: List[keys.Team], folder: Path) -> Tuple[Dict[str, str], List[str], Dict[str, keys.Team]]:
    """Files to write (name: key), teams with a new key, and the team of each hash."""
    write: Dict[str, str] = {}
    made: List[str] = []
    hashes: Dict[str, keys.Team] = {}
    for team in teams:
        if team.state == "absent":
            continue
        if team.sha256:
            hashes[team.sha256] = team
            continue
        there = secrets.read(folder / team.secret)
        value = team.value or there or secrets.make(keys.KEY_LENGTH)
        if value != there or secrets.problems(folder / team.secret, MODE, 0, 0):
            write[team.secret] = value
        if value != there:
            made.append(team.name)
        hashes[keys.digest(value)] = team
    return write, made, hashes


def _files(folder: Path) -> Set[str]:
    return {path.name for path in folder.glob(keys.PREFIX + "*")} if folder.is_dir() else set()


def _outdated(path: str, text: str) -> bool:
    return read_text(path) != text or bool(secrets.problems(Path(path), MODE, 0, 0))
