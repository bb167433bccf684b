# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the listing and of the servers around."""

from __future__ import annotations

import datetime
import ipaddress
import ssl

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from conftest import MODEL, Site
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TOKEN = "secret-token"
HOSTILE = [
    "../evil",
    "/etc/evil",
    "a/../../evil",
    "a\\..\\evil",
    "a\x00b",
    "a//b",
    "./a",
    "C:/evil",
    ".yitiji-verified.json",
    ".yitiji-download/lock",
    "line\nbreak",
    "x" * 300,
]


def listing(hub, **more):
    hub.fault("listing", "*", times=-1, **more)


def refused(site, rule="LLM610"):
    with pytest.raises(Refusal) as caught:
        site.run()
    assert caught.value.rule == rule
    left = [path.name for path in site.dest.rglob("*") if path.is_file()]
    assert all(name in ("lock", "progress.json") for name in left), f"written: {left}"
    return str(caught.value)


@pytest.mark.parametrize("path", HOSTILE)
def test_hostile_path(site, hub, tmp_path, path):
    listing(hub, add=[{"Path": path, "Name": "evil", "Type": "blob", "Size": 3, "Sha256": "a" * 64}])
    refused(site)
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"Path": "config.json/x", "Size": 1, "Sha256": "a" * 64}, "both a file and a directory"),
        ({"Path": "x", "Size": -1, "Sha256": "a" * 64}, "size"),
        ({"Path": "x", "Size": "9 bytes", "Sha256": "a" * 64}, "size"),
        ({"Path": "x", "Size": 1, "Sha256": "zz"}, "sha256"),
        ({"Path": "config.json", "Size": 1, "Sha256": "a" * 64}, "listed twice"),
        ({"Path": 7, "Size": 1, "Sha256": "a" * 64}, "not a text"),
        (
            {"Path": "x", "Size": 5, "Sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
            "empty file",
        ),
    ],
)
def test_broken_row(site, hub, row, says):
    listing(hub, add=[{"Type": "blob", **row}])
    assert says in refused(site)


def test_symlink_in_the_way(site, hub, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    site.dest.mkdir()
    (site.dest / "sub").symlink_to(outside)
    with pytest.raises(Refusal) as caught:
        site.run()
    assert caught.value.rule == "LLM614" and not list(outside.iterdir())


def test_listing_cut_in_one_directory(site, hub):
    (site.repo / "many").mkdir()
    for number in range(3001):
        (site.repo / "many" / f"{number}").write_text("x")
    assert "where the hub cuts" in refused(site)


def test_listing_cut_over_directories_is_walked(site, hub):
    for folder in range(4):
        (site.repo / f"d{folder}" / "e").mkdir(parents=True)
        for number in range(400):
            (site.repo / f"d{folder}" / f"{number}").write_text(f"{folder}")
            (site.repo / f"d{folder}" / "e" / f"{number}").write_text(f"{number}")
    outcome = site.run()
    assert len(outcome.manifest.files) == 3206
    site.complete()


def test_no_hash_in_the_listing(site, hub):
    listing(hub, set={"model-00001-of-00002.safetensors": {"Sha256": ""}, "config.json": {"Sha256": ""}})
    outcome = site.run()
    assert all(file.sha256 for file in outcome.manifest.files), "the HEAD answer carries it"
    site.complete()


def test_token_goes_to_the_hub_only(repo, start, tmp_path):
    cdn = start(host="127.0.0.2")
    hub = start(token=TOKEN, cdn=cdn.url)
    site = Site(repo, tmp_path / "dest", hub)
    site.run(token=TOKEN)
    site.complete()
    assert len(cdn.requests()) >= 2
    assert all(TOKEN in (request["cookie"] or "") for request in hub.requests())
    assert not any(request["cookie"] or request["authorization"] for request in cdn.requests())


def test_redirected_ranges_survive_drops(repo, start, tmp_path):
    cdn = start(host="127.0.0.2")
    site = Site(repo, tmp_path / "dest", start(cdn=cdn.url))
    cdn.fault("drop", "*", times=4, at=0.5)
    cdn.fault("error", "*", times=2, status=403)  # an expired address: the hub gives a new one
    site.run(retries=6)
    site.complete()


def test_wrong_token(repo, start, tmp_path):
    site = Site(repo, tmp_path / "dest", start(token=TOKEN))
    with pytest.raises(Refusal) as caught:
        site.run(token="another")
    assert caught.value.rule == "LLM608" and "another" not in caught.value.message("n1")


@pytest.mark.parametrize(
    ("model", "revision", "rule"),
    [
        ("lab/nothing", "master", "LLM606"),
        ("lab", "master", "LLM606"),
        ("lab/../x", "master", "LLM606"),
        (MODEL, "v9", "LLM607"),
    ],
)
def test_unknown(site, model, revision, rule):
    from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import download
    from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import request as weights_request

    request = weights_request.Request(model, str(site.dest), revision=revision, endpoint=site.hub.url, check=True)
    with pytest.raises(Refusal) as caught:
        download.Weights(request).run()
    assert caught.value.rule == rule
    assert f"[{rule}] n1: " in caught.value.message("n1") and "n1：" in caught.value.message("n1")


def test_unreachable(site, hub):
    hub.stop()
    with pytest.raises(Refusal) as caught:
        site.run(timeout=1)
    assert caught.value.rule == "LLM605" and "refused" in str(caught.value).lower()
    hub.__init__(site.repo.parents[1])


def certificate(path, days):
    """A key and a self-signed certificate of 127.0.0.1 that ends in so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=9))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    text = made.public_bytes(serialization.Encoding.PEM)
    (path / "c").write_bytes(text)
    (path / "pem").write_bytes(
        text
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path / "pem"


@pytest.mark.parametrize("case", ["good", "unknown", "expired"])
def test_certificates(repo, start, tmp_path, case):
    folder = tmp_path / "tls"
    folder.mkdir()
    pem = certificate(folder, -1 if case == "expired" else 2)
    running = start()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    running.server.socket = context.wrap_socket(running.server.socket, server_side=True, do_handshake_on_connect=False)
    running.url = running.url.replace("http:", "https:")
    site = Site(repo, tmp_path / "dest", running)
    if case == "good":
        site.run(ca_path=str(folder / "c"))
        site.complete()
        return
    with pytest.raises(Refusal) as caught:
        site.run(ca_path=str(folder / "c") if case == "expired" else "")
    assert caught.value.rule == "LLM609"
    assert case != "expired" or "expired" in str(caught.value)


def test_revision_moves_under_us(site, hub):
    big = site.repo / "model-00001-of-00002.safetensors"
    old = big.read_bytes()
    hub.fault("stall", big.name, times=1)
    hub.fault("listing", "*", times=1)  # the first listing is of the old content; then it changes
    taken = hub.server.hub.repos.listing

    def change(*args):
        rows = taken(*args)
        data = bytearray(old)
        data[-1] ^= 1
        big.write_bytes(bytes(data))
        return rows

    hub.server.hub.repos.listing = change
    with pytest.raises(Refusal) as caught:
        site.run(timeout=1)
    assert caught.value.rule == "LLM618" and not site.stamped
    hub.server.hub.repos.listing = taken
    site.run()
    site.complete()


def test_moved_revision_is_fetched_when_asked(site, hub):
    site.run()
    (site.repo / "config.json").write_text('{"model_type": "qwen3"}')
    (site.repo / "sub/notes.md").unlink()
    assert site.dest.joinpath("config.json").read_bytes() != site.repo.joinpath("config.json").read_bytes()
    from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import download
    from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import request as weights_request

    request = weights_request.Request(MODEL, str(site.dest), endpoint=hub.url, update=True)
    outcome = download.Weights(request).run()
    assert outcome.changed and outcome.fetched == 23 and outcome.removed == ["sub/notes.md"]
    site.complete()
