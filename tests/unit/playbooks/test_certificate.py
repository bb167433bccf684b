# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users imported once stays trusted: the authority outlives the node's name in the inventory and its addresses."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.sizing.common import ROOT

PLAY = [{
    "name": "Certificate", "hosts": "all", "gather_facts": False,
    "tasks": [{
        "name": "Make it",
        "ansible.builtin.include_role": {"name": "yitiji.deepseek.gateway", "tasks_from": "certificate"},
    }],
}]  # fmt: skip
LONG = "a-name-of-an-inventory-that-is-much-longer-than-any-name-should-be.cluster-of-somebody.example.com"


def made(folder, name):
    """(authority, page) after a run for a node of this name."""
    play = folder / "play.yml"
    play.write_text(yaml.safe_dump(PLAY))
    tls = folder / "tls"
    run = subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), "ansible-playbook"), "-i", f"{name},", "-c", "local", str(play),
         "-e", f"gateway_tls_dir={tls} ansible_python_interpreter={sys.executable}"],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
    return tuple((tls / f"{part}.crt").read_bytes() for part in ("ca", "server"))


def names(pem):
    certificate = x509.load_pem_x509_certificate(pem)
    return certificate, certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value


def authority(folder):
    """As the role makes it on a node that is called GPU_01."""
    (folder / "tls").mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "yitiji GPU_01 CA")])
    now = datetime.datetime.now(datetime.timezone.utc)
    usage = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "encipher_only", "decipher_only"), False)  # fmt: skip
    pem = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(True, 0), True)
        .add_extension(x509.KeyUsage(**usage, key_cert_sign=True, crl_sign=True), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("yitiji GPU_01 CA")]), False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    (folder / "tls/ca.crt").write_bytes(pem)
    (folder / "tls/ca.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "tls/ca.key").chmod(0o600)
    return pem


def test_the_authority_outlives_the_name_of_the_node(tmp_path):
    first = authority(tmp_path)
    second, page = made(tmp_path, LONG)
    assert second == first, "every client would have to import it again"
    certificate, name = names(page)
    certificate.verify_directly_issued_by(names(first)[0])
    said = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert name == LONG[:64] and said.get_values_for_type(x509.DNSName) == [LONG]
