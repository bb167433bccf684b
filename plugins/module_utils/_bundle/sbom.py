# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bundle's bill of materials in CycloneDX 1.6, which scanners read: parts bear package URLs where one can be told."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any, Dict, List, Tuple
from urllib.parse import quote

from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.manifest import Bundle, File, target_name

NAME = "SBOM.cdx.json"
KINDS = {"image": "container", "weights": "machine-learning-model", "archive": "application"}
COLLECTION = "yitiji.deepseek"
LISTED = ("package", "image", "archive", "wheel", "collection", "weights")
SPDX = re.compile(r"^(MIT|Apache-2\.0|GPL-[23]\.0-(only|or-later)|BSD-[23]-Clause)$")
POOL = re.compile(r"/pool/.+/([^/]+)/[^/]+\.deb$")  # the folder of a deb in its archive is its source package


def purl(kind: str, name: str, version: str, **more: str) -> str:
    asked = "&".join(f"{key}={quote(value, safe='/:')}" for key, value in sorted(more.items()) if value)
    at = "@" + quote(version, safe=":") if version else ""
    return f"pkg:{kind}/{quote(name, safe='/')}{at}" + (f"?{asked}" if asked else "")


def _package(bundle: Bundle, file: File) -> Tuple[str, Dict[str, Any]]:
    """Its package URL; and of a deb the source package, whose name the distributions' advisories bear."""
    of = file.path.split("/")[1]
    target: Dict[str, str] = next((row for row in bundle.targets if target_name(row) == of), {})
    family = target.get("distribution", "").lower()
    distro = f"{family}-{target.get('version', '')}"
    if file.path.endswith(".rpm"):
        epoch, _colon, version = file.version.rpartition(":")
        more = {"arch": file.path.rsplit(".", 2)[-2], "distro": distro, "epoch": epoch.lstrip("0")}
        return purl("rpm", f"{family}/{file.name}", version, **more), {}
    arch, found = file.path[:-4].rpartition("_")[2], POOL.search(file.source)
    upstream = found.group(1) if found and found.group(1) != file.name else ""
    own = purl("deb", f"{family}/{file.name}", file.version, arch=arch, distro=distro, upstream=upstream)
    if not upstream:
        return own, {}
    version = re.sub(r"\+b[0-9]+$", "", file.version)  # built once more, of the same source
    full = purl("deb", f"{family}/{upstream}", version, arch="source", distro=distro)
    return own, {"type": "library", "name": upstream, "version": version, "purl": full}


def _image(row: Dict[str, Any]) -> Dict[str, Any]:
    name, _colon, tag = str(row["ref"]).partition("@")[0].rpartition(":")
    digest = str(row.get("digest") or "")
    full = purl("oci", name.rpartition("/")[2].lower(), digest, repository_url=name, tag=tag)
    told = [{"name": f"yitiji:{key}", "value": str(row[key])} for key in ("digest", "id", "path") if row.get(key)]
    return {"type": "container", "name": name, "version": digest or tag, "purl": full, "properties": told}


def _file(bundle: Bundle, file: File) -> Dict[str, Any]:
    row: Dict[str, Any] = {"type": KINDS.get(file.kind, "library"), "name": file.name or file.path}
    if file.version:
        row["version"] = file.version
    if file.kind == "package":
        row["purl"] = _package(bundle, file)[0]
    elif file.kind == "wheel":
        row["purl"] = purl("pypi", re.sub(r"[-_.]+", "-", file.name).lower(), file.version)
    elif file.kind in ("archive", "collection"):
        row["purl"] = purl("generic", row["name"], file.version, checksum="sha256:" + file.sha256)
    if file.licence not in ("", "NOASSERTION"):
        row["licenses"] = [{"license": {"id" if SPDX.match(file.licence) else "name": file.licence}}]
    if file.kind == "weights":
        return row
    return {**row, "hashes": [{"alg": "SHA-256", "content": file.sha256}], "properties": [_at(file.path)]}


def _at(path: str) -> Dict[str, str]:
    return {"name": "yitiji:path", "value": path}


def bill(bundle: Bundle) -> str:
    """Images one by one with their digests, however many lie in an archive; the files of a model are one component."""
    sums = {file.path: file.sha256 for file in bundle.files}
    found: List[Dict[str, Any]] = []
    for image in bundle.holds.get("images") or []:
        found.append(_image(image))
        if image.get("path") in sums:
            found[-1]["hashes"] = [{"alg": "SHA-256", "content": sums[image["path"]]}]
    once: Dict[str, Dict[str, Any]] = {}
    for file in bundle.files:
        if file.kind in LISTED and file.kind != "image":
            row = _file(bundle, file)
            if file.kind != "weights" or once.setdefault(file.name, row) is row:
                found.append(row)
        source = _package(bundle, file)[1] if file.kind == "package" else {}
        if source and once.setdefault(source["purl"], source) is source:
            found.append(source)
    for number, row in enumerate(found):
        row["bom-ref"] = f"{number}"
    wheels = [row["bom-ref"] for row in found if str(row.get("purl")).startswith("pkg:pypi/")]
    whole = {"type": "application", "bom-ref": "bundle", "name": "yitiji bundle", "version": bundle.maker}
    text = json.dumps(found, ensure_ascii=False, sort_keys=True)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_OID, bundle.made + text).urn,
        "version": 1,
        "metadata": {"timestamp": bundle.made, "component": whole},
        "components": found,
        "dependencies": [
            {"ref": "bundle", "dependsOn": [row["bom-ref"] for row in found]},
            *({"ref": row["bom-ref"], "dependsOn": wheels} for row in found if row["name"] == COLLECTION),
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
