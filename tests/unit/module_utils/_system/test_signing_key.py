# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fingerprints of signing keys."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import signing_key

# Made for this test by `gpg --quick-gen-key`; `gpg --show-keys` tells its fingerprint.
FINGERPRINT = "D181051609AA895499AC84A7F115CB666E70E9EF"


KEY = """-----BEGIN PGP PUBLIC KEY BLOCK-----

mQENBGsCkdEBCADE8W7OF2WuBOTxml0R3P1ByDqHKD+f64fHBqR66RmxX3aDVwBI
UCBV6QLMWCrxtVqV9qQ8QGGKglWr6qTp/0QU0eAtaem4XJo1aLXndigoqVAM/Jrn
zVdaQdOA63QVGp5V5jzfVwSkYiftG1gcqeeBy7ovZNESTnW+6cu/wuFevkR3RsUF
02ylRDudzeAtCggk6JBTbQGtQaXV4zWv7iDGFsJSVxFU7tCLxmmYg1q4j8WhZPGl
5LT+KQTXaFfZW4fX7kmD0FE6EO4/tkRDVXIenH8FQOQvRfygONIglBHoQ7197NF1
h2NYB3JJRk6J3hbvbdJyCtCPEm7gP+nXeTH7ABEBAAG0CXRlc3Qgb25seYkBTgQT
AQoAOBYhBNGBBRYJqolUmayEp/EVy2ZucOnvBQJrApHRAhsDBQsJCAcCBhUKCQgL
AgQWAgMBAh4BAheAAAoJEPEVy2ZucOnvBlIH/jKIJbzGl0uFTHwfUN8WC8AK6ziy
bDQcl2+N2GJFf9n13lU9fwj+QoYzqAQi/g1t7n/yeaGZ43hAYybpbwUCVv8ce3eW
hZBliOFnxzNEIq6OG8ZsiHbaM7gSxIHUTXgBp4GP8eRKrnNZ4HgDLuMVYtGE2aTy
vHCgo74Nhczkcv5mBXVfPMDg53PTOYI2rkg/7QibUhz0XLUfAvLx+DZRG4TiVA1m
1v3Rioms9yRtB+YZESnz9wAdSQwEk9Z9V1KuuqjpB0Vwwi9Ft7c8d9H42OLq5DOF
cp96JbfqP83xKaMhG0fX153oAQCKFtm9MOUFiGA90WwR2/IkmJ+1mL1LLk8=
=6F+G
-----END PGP PUBLIC KEY BLOCK-----
"""


def test_fingerprint_is_gpgs_own():
    assert signing_key.fingerprints(KEY) == [FINGERPRINT]
    signing_key.check_key(KEY, FINGERPRINT.lower(), "x")
    signing_key.check_key(KEY, " ".join(FINGERPRINT[i : i + 4] for i in range(0, 40, 4)), "x")


@pytest.mark.parametrize("text", ["", "<html>no</html>", KEY.replace("m", "!", 3), KEY[:400]])
def test_what_is_no_key_has_no_fingerprint(text):
    assert FINGERPRINT not in signing_key.fingerprints(text)


@pytest.mark.parametrize("text", ["<html>", KEY, KEY + KEY])
def test_another_key_or_one_more_is_refused(text):
    wish = FINGERPRINT if text == KEY + KEY else "0" * 40
    with pytest.raises(Refusal) as caught:
        signing_key.check_key(text, wish, "http://r/key")
    assert caught.value.rule == "LLM316"
    assert "http://r/key" in caught.value.reason.en


@pytest.mark.parametrize(
    ("packet", "tag", "body"),
    [
        (b"\xc6\x03abc", 6, b"abc"),
        (b"\xc6\xc0\x00" + b"a" * 192, 6, b"a" * 192),
        (b"\xc6\xff\x00\x00\x00\x02ab", 6, b"ab"),
        (b"\x98\x02ab", 6, b"ab"),
        (b"\x99\x00\x02ab", 6, b"ab"),
        (b"\x9a\x00\x00\x00\x01a", 6, b"a"),
    ],
)
def test_lengths_of_openpgp_packets(packet, tag, body):
    assert list(signing_key._packets(packet + packet)) == [(tag, body)] * 2


@pytest.mark.parametrize("size", [192, 193, 447, 448, 704, 8383])
def test_middle_lengths_of_openpgp_packets(size):
    first, second = divmod(size - 192, 256)
    packet = bytes([0xC6, first + 192, second]) + b"a" * size
    assert [(tag, len(body)) for tag, body in signing_key._packets(packet + packet)] == [(6, size)] * 2


@pytest.mark.parametrize("tag", [2, 5, 6, 13, 14, 17, 63])
def test_kinds_of_openpgp_packets(tag):
    assert list(signing_key._packets(bytes([0xC0 | tag, 1]) + b"a")) == [(tag, b"a")]
    if tag < 16:
        assert list(signing_key._packets(bytes([0x80 | tag << 2, 1]) + b"a")) == [(tag, b"a")]
