# SPDX-License-Identifier: GPL-3.0-or-later
"""Beside the appliance the customer's things are there and run."""

CONTAINERS = {"with-policy": "running", "without-policy": "running", "ended": "exited"}


def test_the_customers_containers_are_as_they_were(root):
    rows = root("docker ps -a --format '{{.Names}} {{.State}}'").splitlines()
    found = dict(row.split() for row in rows)
    assert {name: found.get(name) for name in CONTAINERS} == CONTAINERS


def test_the_customers_site_answers(root):
    assert root("wget -qO- http://127.0.0.1:8088/") == "the customer's page"


def test_the_customers_rules_are_there(root):
    assert "12345" in root("nft list table inet customer")
