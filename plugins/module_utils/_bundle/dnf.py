# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dnf is told and what it answers when the RPMs of a bundle are resolved, and by what a node reads them.

dnf resolves for an empty root, so that the bundle is complete whatever a node has already, and checks what it fetches
against the keys that the data pins. Debian and Ubuntu have dnf and createrepo_c as packages, so no machine of the
target's family is needed.
"""

from __future__ import annotations

import os
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import passing_key, vendors
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.passing_key import KEY, Run
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import dnf_place
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.dnf_answers import (
    coming,
    complaints,
    declined,
    plain,
)

INDEX, SIGNED = "repodata/repomd.xml", "repodata/repomd.xml.asc"
NAME = "yitiji-bundle"  # of the repository, for a node's dnf
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
TOLD = "%{name}|%{epoch}:%{version}-%{release}|%{arch}|%{repoid}|%{downloadsize}|%{location}|%{license}"


class Package(NamedTuple):
    name: str
    version: str
    uri: str
    file: str
    size: int
    licence: str


def configuration(folder: str) -> str:
    """Nothing of the machine's own dnf counts: a bundle is the same wherever it was made."""
    return f"""\
[main]
reposdir={folder}/repos
varsdir={folder}/none
persistdir={folder}/persist
logdir={folder}/log
plugins=False
gpgcheck=True
install_weak_deps=False
skip_if_unavailable=False
zchunk=False
retries=5
"""


def moved(url: str, target: Mapping[str, Any]) -> str:
    """With `mirror`, a site's own copy, in place of the beginning that the catalogue names."""
    base, mirror = str(target.get("base") or ""), str(target.get("mirror") or "")
    return mirror.rstrip("/") + url[len(base) :] if base and mirror and url.startswith(base) else url


def repositories(target: Mapping[str, Any], vendors: Sequence[Mapping[str, Any]]) -> List[Dict[str, Any]]:
    """The release's own and those of vendors, each once."""
    own = [
        {**row, "url": moved(str(row["url"]), target), "key_url": moved(str(row.get("key_url") or ""), target)}
        for row in target.get("repositories") or []
    ]
    found: Dict[str, Dict[str, Any]] = {str(row["name"]): dict(row) for row in own}
    for row in vendors:
        found.setdefault(str(row["name"]), {"vendor": True, **row})
    return list(found.values())


def check(target: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Refuses what could not be fetched or not be trusted, before anything is."""
    name = str(target["release"])
    if not target.get("repositories"):
        raise Refusal("LLM930", name=name, architecture=target["architecture"])
    for row in rows:
        if not row.get("url"):
            raise Refusal("LLM930", name=name, architecture=target["architecture"])
        if not vendors.pinned(row):
            raise Refusal("LLM929", name=row["name"], url=row["url"], target=name)


def section(row: Mapping[str, Any], key: str) -> str:
    """A repository as dnf reads it. `key`: the file that holds its key."""
    packages = not row.get("trusted") and row.get("signs", "packages") == "packages"
    metadata = not row.get("trusted") and row.get("signs") == "metadata"
    lines = [f"[{row['name']}]", f"name={row['name']}", f"baseurl={row['url']}", "enabled=1"]
    lines += [f"gpgcheck={int(packages)}", f"repo_gpgcheck={int(metadata)}"]
    lines += [f"gpgkey=file://{key}"] if packages or metadata else []
    # as on a node (_system/packages/repository.py): what a vendor offers is meant, whatever AppStream has of that name
    lines += ["module_hotfixes=1", "priority=10"] if row.get("vendor") and not row.get("streams") else []
    return "\n".join([*lines, ""])


def words(target: Mapping[str, Any], folder: str, root: bool) -> List[str]:
    """dnf, for the target and into a root without anything. It refuses to work for a user who is not root, though
    nothing here needs that: such a one is root in a name space of his own."""
    found = [] if root else ["unshare", "--map-root-user"]
    found += ["dnf", "-y", f"--config={folder}/dnf.conf", f"--installroot={folder}/root"]
    found += [f"--setopt=cachedir={folder}/cache"]  # from a file it would be taken for a folder of the root
    found += [f"--releasever={target['version']}", f"--forcearch={machine(target)}"]
    platform = str(target.get("platform") or "")
    return [*found, f"--setopt=module_platform_id={platform}"] if platform else found


def machine(target: Mapping[str, Any]) -> str:
    architecture = str(target["architecture"])
    return MACHINES.get(architecture, architecture)


def resolve(
    run: Run, dnf: Sequence[str], names: Sequence[str], rows: Sequence[Mapping[str, Any]], machine_name: str
) -> Tuple[List[Package], str]:
    """The packages with all they depend on; second, why not."""
    code, out, err = run([*dnf, "--assumeno", "install", *names])
    if not declined(code, out + "\n" + err):
        return [], " | ".join(complaints(out + "\n" + err))[:600] or f"dnf ended with {code}"
    wanted = {(f"{row.name}-{row.version}.{row.arch}", repository) for row, repository in coming(out)}
    if not wanted:
        return [], f"dnf named no package: {' '.join(out.split())[-200:]}"
    code, out, err = run([*dnf, "-q", "-C", "repoquery", f"--qf={TOLD}", *sorted(whole for whole, _from in wanted)])
    known = described(out, {str(row["name"]): str(row["url"]).replace("$basearch", machine_name) for row in rows})
    lost = sorted(whole for whole, repository in wanted - set(known))
    if code != 0 or lost:
        return [], f"dnf does not describe {', '.join(lost)} | {' | '.join(complaints(err))}"
    return [known[key] for key in sorted(wanted)], ""


def described(text: str, places: Mapping[str, str]) -> Dict[Tuple[str, str], Package]:
    """Rows of `dnf repoquery --qf TOLD` by whole name and repository. `places`: repository -> address."""
    found = {}
    for line in text.splitlines():
        parts = line.split("|", 6)
        if len(parts) != 7 or not parts[4].isdigit():
            continue
        name, version, arch, repository, size, location, licence = parts
        uri = f"{places.get(repository, repository).rstrip('/')}/{location}"
        package = Package(name, plain(version), uri, os.path.basename(location), int(size), licence)
        found[f"{name}-{package.version}.{arch}", repository] = package
    return found


def sign(run: Run, folder: str) -> str:
    """RSA, which every rpm and a machine in FIPS mode know."""
    signature, index = os.path.join(folder, SIGNED), os.path.join(folder, INDEX)
    return passing_key.sign(run, "rsa3072", os.path.join(folder, KEY), signature, "--armor", "--detach-sign", index)


def node_repository(base: str, target: str, folder: str) -> str:
    """The only repository of a run. The signed index has every package's digest; no proxy stands between a node and
    its own controller; what was resolved counts, whatever module streams the node has."""
    return f"""\
[{NAME}]
name=yitiji bundle
baseurl={base}/dnf/{target}/
enabled=1
gpgcheck=0
repo_gpgcheck=1
gpgkey=file://{folder}/{KEY}
proxy=
module_hotfixes=1
"""


def node_words(folder: str) -> List[str]:
    return dnf_place.words({dnf_place.VARIABLE: folder})
