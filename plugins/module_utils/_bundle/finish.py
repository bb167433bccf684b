# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What closes a bundle: bill of materials, check script, sums, manifest, signature; and how a signature is judged."""

from __future__ import annotations

import json
import os
import re
import uuid
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import sbom as cyclonedx
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.fetch import hash_file
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.manifest import (
    MANIFEST,
    SIGNATURE,
    SIGNER,
    SUMS,
    Bundle,
    File,
    dump,
    parse,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.signers import NAMESPACE, WHO
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.work import absent
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import signature
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

SBOM = "SBOM.spdx.json"
CHECK = "check.sh"
SPDX_ID = re.compile(r"^(LicenseRef-[A-Za-z0-9.-]+|[A-Za-z0-9][A-Za-z0-9.+-]*)$")
KNOWN = re.compile(r"^(MIT|Apache-2\.0|GPL-[23]\.0-(only|or-later)|BSD-[23]-Clause|LicenseRef-.+)$")


def sums(files: Sequence[File]) -> str:
    return "".join(f"{file.sha256}  {file.path}\n" for file in sorted(files))


def sbom(bundle: Bundle, licences: Mapping[str, Mapping[str, Any]]) -> str:
    """SPDX 2.3. Files of one model are one package, named with the digest of their list."""
    packages: Dict[Tuple[str, str, str], Dict[str, Any]] = {}
    for file in bundle.files:
        if file.kind in ("index", "document", "tool"):
            continue
        key = (file.kind, file.name, file.version if file.kind != "package" else file.path)
        row = packages.setdefault(key, _package(file, len(packages)))
        if file.kind == "weights":
            row["comment"] = f"{int(row.get('comment', '0').split()[0]) + 1} files, listed in {MANIFEST}"
        else:
            row["checksums"] = [{"algorithm": "SHA256", "checksumValue": file.sha256}]
            row["packageFileName"] = file.path
    described = list(packages.values())
    refs = sorted({row["licenseDeclared"] for row in described if row["licenseDeclared"].startswith("LicenseRef-")})
    pages = {str(entry.get("spdx")): str(entry.get("url")) for entry in licences.values()}
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "yitiji bundle",
        # names this document alone, and claims no site
        "documentNamespace": uuid.uuid5(uuid.NAMESPACE_OID, bundle.made + sums(bundle.files)).urn,
        "creationInfo": {"created": bundle.made, "creators": [f"Tool: yitiji.deepseek-{bundle.maker}"]},
        "packages": described,
        "hasExtractedLicensingInfos": [
            {"licenseId": ref, "extractedText": f"See {pages.get(ref, 'its publisher')}", "name": ref} for ref in refs
        ],
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": row["SPDXID"],
            }
            for row in described
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _package(file: File, number: int) -> Dict[str, Any]:
    declared = file.licence if KNOWN.match(file.licence) and SPDX_ID.match(file.licence) else "NOASSERTION"
    source = file.source if file.source.startswith(("http://", "https://")) else "NOASSERTION"
    row: Dict[str, Any] = {
        "SPDXID": f"SPDXRef-{file.kind}-{number}",
        "name": file.name or file.path,
        "downloadLocation": source,
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": declared,
        "copyrightText": "NOASSERTION",
    }
    if file.version:
        row["versionInfo"] = file.version
    if declared == "NOASSERTION" and file.licence:
        row["licenseComments"] = file.licence
    return row


# the signature


def ensure_key(path: str) -> bool:
    """The maker's own key, 0600, created on first use; -> whether it was created."""
    return bool(_by_ssh_keygen(path, lambda: signature.ensure_key(path, "yitiji bundle")))


def public_key(path: str) -> str:
    """Of a private key that needs no passphrase, or of one whose public half lies beside it."""
    return str(_by_ssh_keygen(path, lambda: signature.public_key(path)))


def sign(folder: str, key: str) -> None:
    _by_ssh_keygen(key, lambda: signature.sign(os.path.join(folder, MANIFEST), key, NAMESPACE))


def _by_ssh_keygen(key: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except FileNotFoundError as error:
        raise absent("ssh-keygen") from error
    except signature.Unsigned as error:
        raise unsigned(key, str(error)) from error


def unsigned(key: str, detail: str) -> Refusal:
    return Refusal("LLM924", key=key, detail=detail)


def judge(folder: str) -> str:
    """The key that signed the manifest, if the signature is good. Whether that key counts: `signers.accept`."""
    own = signature.plain(read_text(os.path.join(folder, SIGNER)))
    if not own or not os.path.exists(os.path.join(folder, SIGNATURE)):
        raise bad_signature(folder, "there is no signature", "没有签名")
    manifest = os.path.join(folder, MANIFEST)
    if not _by_ssh_keygen("", lambda: signature.belongs(manifest, own, WHO, NAMESPACE)):
        raise bad_signature(folder, f"{MANIFEST} and its signature do not belong together", "清单与签名不符")
    return own


def bad_signature(folder: str, english: str, chinese: str) -> Refusal:
    return Refusal("LLM914", folder=folder, why=Text(english, chinese))


def close(
    folder: str, bundle: Bundle, check: str, key: str, licences: Mapping[str, Mapping[str, Any]]
) -> Tuple[Bundle, bool]:
    """Writes what describes the files, unless an earlier run wrote the same; -> the bundle, whether it changed."""
    standing = _standing(folder)
    if standing is not None and _core(standing) == _core(bundle) and read_text(os.path.join(folder, CHECK)) == check:
        try:
            if judge(folder) == public_key(key):
                return standing, False
        except Refusal:
            pass
    documents: List[Tuple[str, str, str, int]] = [(CHECK, "tool", check, 0o755)]
    documents.append((SBOM, "document", sbom(bundle, licences), 0o644))
    documents.append((cyclonedx.NAME, "document", cyclonedx.bill(bundle), 0o644))
    files = list(bundle.files)
    for name, kind, text, mode in documents:
        write_atomic(os.path.join(folder, name), text, mode)
        digest = hash_file(os.path.join(folder, name))
        files.append(File(name, len(text.encode("utf-8")), digest, kind, licence="GPL-3.0-or-later"))
    bundle = bundle._replace(files=tuple(sorted(files)))
    write_atomic(os.path.join(folder, SIGNER), public_key(key) + "\n", 0o644)
    write_atomic(os.path.join(folder, MANIFEST), dump(bundle), 0o644)
    write_atomic(os.path.join(folder, SUMS), sums(bundle.files), 0o644)
    sign(folder, key)
    return bundle, True


def _standing(folder: str) -> Any:
    try:
        return parse(read_text(os.path.join(folder, MANIFEST)), folder)
    except Refusal:
        return None


def _core(bundle: Bundle) -> Any:
    return (
        bundle.maker,
        bundle.targets,
        bundle.holds,
        tuple(sorted(f for f in bundle.files if f.path not in (CHECK, SBOM, cyclonedx.NAME))),
    )
