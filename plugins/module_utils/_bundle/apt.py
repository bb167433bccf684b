# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Distribution packages of a bundle: resolved and fetched by apt in a state of its own, then a small signed repository.

Dependencies are resolved against a machine without any package, so the bundle is complete whatever a node has
already. apt itself checks what it fetches against the distribution's signatures.
"""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple, Union
from urllib.parse import unquote, urlsplit, urlunsplit

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import passing_key
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.passing_key import KEY, Run

INDEX, RELEASE, SIGNED = "Packages", "Release", "InRelease"


class Package(NamedTuple):
    uri: str
    file: str  # as apt names it in its archives
    size: int

    @property
    def name(self) -> str:
        return self.file.split("_")[0]

    @property
    def version(self) -> str:
        return unquote(self.file.split("_")[1])


def configuration(folder: str, architecture: str) -> str:
    """Read after the machine's own settings, so that its proxies and certificates stay in force."""
    return f"""\
#clear APT::Architectures;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Get::Assume-Yes "true";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "5";
Debug::NoLocking "true";
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::State::lists "{folder}/lists";
Dir::Cache "{folder}";
Dir::Cache::archives "{folder}/archives";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "{folder}/sources.d";
Dir::Etc::preferences "{folder}/preferences";
Dir::Etc::preferencesparts "/dev/null";
"""


def copied(text: str) -> str:
    """What lies on this machine is brought like the rest: from `file:` apt copies nothing."""
    return re.sub(r"(^|\s)file:", r"\1copy:", text)


def sources(target: Dict[str, Any], mirrors: Dict[str, str]) -> List[str]:
    """Lines of a sources.list; `mirrors`: {main, security} of the target's distribution."""
    if target.get("sources"):
        return [str(line) for line in target["sources"]]
    option = f"[arch={target['architecture']} signed-by={target['keyring']}]"
    lines = []
    for suite in target["suites"]:
        place = mirrors.get("security") if "security" in suite else mirrors.get("main")
        if place:
            name = str(suite).format(release=target["release"])
            lines.append(f"deb {option} {place} {name} {' '.join(target['components'])}")
    return lines


def mirrors(indextargets: str, distribution: str) -> Dict[str, str]:
    """The machine's own mirrors, from `apt-get indextargets --format '$(ORIGIN)|$(SUITE)|$(REPO_URI)'`."""
    found: Dict[str, str] = {}
    for line in indextargets.splitlines():
        origin, _bar, rest = line.partition("|")
        suite, _bar, uri = rest.partition("|")
        if origin.lower() == distribution and uri.startswith(("http://", "https://", "file:", "copy:", "mirror+")):
            found.setdefault("security" if "security" in suite else "main", uri.strip())
    if "main" in found:
        found.setdefault("security", "")
    return found


def parse_uris(text: str) -> List[Package]:
    """What `apt-get --print-uris` printed."""
    found = []
    for line in text.splitlines():
        match = re.match(r"^'([^']+)' (\S+) (\d+)( \S+)?$", line.strip())
        if match and match.group(2).endswith(".deb"):
            found.append(Package(match.group(1), match.group(2), int(match.group(3))))
    return found


def plain_uri(uri: str) -> str:
    """Without a name and password."""
    parts = urlsplit(uri)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def repository_name(file: str) -> str:
    """Without the epoch: a percent sign in an address is read differently by every server."""
    return re.sub(r"_[^_]*%3a", "_", file, flags=re.IGNORECASE)


def stanza(control: str, name: str, size: int, sha256: str) -> str:
    """A package's entry of the index, from its own control file."""
    lines = [line for line in control.strip("\n").splitlines() if line.strip()]
    return "\n".join([*lines, f"Filename: ./{name}", f"Size: {size}", f"SHA256: {sha256}"]) + "\n"


def field(control: str, name: str) -> str:
    match = re.search(rf"^{name}:[ \t]*(.*)$", control, re.MULTILINE)
    return match.group(1).strip() if match else ""


def release(target: Dict[str, Any], index: str) -> str:
    """A date that no node's clock takes for the future."""
    data = index.encode("utf-8")
    return f"""\
Origin: yitiji
Label: yitiji bundle
Suite: {target["release"]}
Codename: {target["release"]}
Architectures: {target["architecture"]}
Date: Wed, 01 Jan 2025 00:00:00 UTC
SHA256:
 {hashlib.sha256(data).hexdigest()} {len(data)} {INDEX}
"""


def node_configuration(folder: str) -> str:
    """Settings of a node, read by APT_CONFIG: the bundle is the only source, and apt's own state is left alone.

    Dates are not checked, as a machine without a network often has a wrong clock.
    """
    return f"""\
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "{folder}/lists";
Dir::Cache "{folder}/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Check-Date "false";
Acquire::http::Proxy "DIRECT";
"""


def node_sources(base: str, target: str, folder: str) -> str:
    return f"deb [signed-by={folder}/{KEY}] {base}/apt/{target}/ ./\n"


def licences(copyright_file: str) -> str:
    """The licences that a package's copyright file names, if it is machine-readable."""
    if not copyright_file.lstrip().startswith("Format:"):
        return ""
    found = []
    for line in copyright_file.splitlines():
        match = re.match(r"^Licen[sc]e:[ \t]*(\S.*)$", line)
        if match and match.group(1).strip() not in found:
            found.append(match.group(1).strip())
    return "; ".join(found[:12])


def read_copyright(stream: Any, name: str) -> str:
    """From the uncompressed tar of a package's files; reading stops there."""
    wanted = f"./usr/share/doc/{name}/copyright"
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        for member in tar:
            if member.name == wanted:
                content = tar.extractfile(member) if member.isfile() else None
                return content.read(1 << 20).decode("utf-8", "replace") if content else ""
    return ""


def resolve(run: Run, config: str, names: Sequence[str], nothing: str) -> Tuple[List[Package], str]:
    """The packages with all they depend on; second, why not. `nothing`: archives without any: apt names no address of
    a package that it has."""
    archives = f"Dir::Cache::archives={nothing}"
    command = ["apt-get", "-c", config, "-o", archives, "-qq", "--print-uris", "--no-install-recommends", "install"]
    code, out, err = run([*command, *names])
    found = parse_uris(out)
    if code != 0 or not found:
        lines = [line for line in (out + "\n" + err).splitlines() if line.startswith(("E:", " ")) and line.strip()]
        return [], " ".join(" ".join(lines[-8:]).split())[:600] or f"apt-get ended with {code}"
    return found, ""


def unresolved(target: str, names: Sequence[str], role: str, why: Union[str, Text]) -> Refusal:
    return Refusal("LLM912", names=" ".join(names), role=role, target=target, why=why)


def sign(run: Run, folder: str) -> str:
    """InRelease and the key beside it."""
    key, signature, index = (os.path.join(folder, name) for name in (KEY, SIGNED, RELEASE))
    return passing_key.sign(run, "ed25519", key, signature, "--clearsign", index)
