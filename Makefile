# SPDX-License-Identifier: GPL-3.0-or-later
# Thin: every target is one command that also works by hand.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin
PROFILE ?= flagship
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/.done: requirements.txt requirements-dev.txt
	@lab/deps
	@touch $@

.PHONY: deps lab lab-down test test-full test-attack lint unit mutate
deps: $(BIN)/.done ## Install the controller's pinned Python tools into .venv

lab: ## Deploy everything on the built-in lab: a real node, a chat page, one answer
	@lab/lab check && $(MAKE) --no-print-directory deps && lab/lab light

lab-down: ## Remove the lab: nodes, network, mounts, processes (lab/lab purge also deletes the cache)
	@lab/lab down

test: deps ## The tests that every change must pass
	@tests/run quick

test-full: deps ## These and the slow suites
	@tests/run full

test-attack: deps ## Attack parsers, archives and a finished appliance in the lab: tried, refused
	@tests/run attacks

lint: deps ## Run style and static checks
	@tests/run lint

unit: deps ## Run the unit tests
	@tests/run unit

SECONDS_OF_MUTANTS ?= 900

mutate: deps ## Do the tests notice faults? Files changed against origin/main, or make mutate FILE=plugins/module_utils/_plan/x.py
	@python -m tests.mutation $(FILE) --seconds $(SECONDS_OF_MUTANTS)

CASES ?= tests/sizing/data/cases.jsonl
MODELS ?= tests/sizing/data/models.json

OUT ?= $(CURDIR)/bundle

.PHONY: bundle
bundle: INVENTORY ?= inventories/$(PROFILE)
bundle: deps ## Everything a site without internet needs: make bundle INVENTORY=inventories/lab OUT=/srv/bundle
	@ansible-playbook playbooks/bundle.yml -i $(INVENTORY) -e bundle_out=$(abspath $(OUT))

.PHONY: plan sizing-accuracy speed-accuracy bench-weights bench-router
sizing-accuracy: deps ## Compare the planner with published vLLM starts: make sizing-accuracy CASES=FILE MODELS=FILE
	@tests/sizing/peer_setup.sh || echo "aiconfigurator could not be installed; the comparison leaves it out"
	@python -m tests.sizing.accuracy $(CASES) $(MODELS)

RUNS ?= tests/sizing/data/speed.jsonl

speed-accuracy: deps ## Compare predicted with measured speeds, each source also held out (minutes): make speed-accuracy RUNS=FILE
	@tests/sizing/peer_setup.sh || echo "aiconfigurator could not be installed; the comparison leaves it out"
	@python -m tests.sizing.speed_accuracy $(RUNS) --rows

bench-weights: deps ## Compare the weights' download with the SDK, aria2c and curl
	@tests/bench/run

ROUNDS ?= 3

.PHONY: bench-site
bench-site: deps ## site.yml on a lab node beside an earlier commit: wall, CPU, round trips (docs/performance.md)
	@python tests/bench/site.py --rounds $(ROUNDS)

.PHONY: bench-fleet
bench-fleet: deps ## What the controller does by itself for 1, 100 and 1,000 nodes (no node, no lab; 15 min)
	@python tests/bench/fleet.py

NODES ?= 16

.PHONY: bench-nodes
bench-nodes: deps ## site.yml on 16 lab nodes beside one of them, with a node lost, taken out and added (an hour)
	@python tests/bench/nodes.py --nodes $(NODES)

.PHONY: bench-router
bench-router: deps ## Compare what chooses a replica: nginx, vllm-router, SGLang's router (after lab/lab serve; 15 min)
	@tests/bench/router-setup.sh
	@python tests/bench/router.py both

.PHONY: bake
bake: INVENTORY ?= inventories/lab-disk
bake: deps ## A bootable disk image of an appliance: make bake INVENTORY=inventories/mine (docs/disk-image.md)
	@ansible-playbook playbooks/bake.yml -i $(INVENTORY)

.PHONY: acceptance
acceptance: INVENTORY ?= inventories/$(PROFILE)
acceptance: deps ## Measure a running appliance, with a signed report: make acceptance PROFILE=lab (docs/acceptance.md)
	@ansible-playbook playbooks/acceptance.yml -i $(INVENTORY)

plan: deps ## Plan a profile without any machine: make plan PROFILE=flagship
	@ansible-playbook playbooks/plan.yml -i inventories/$(PROFILE)

.PHONY: docs
.venv-docs/.done: docs/site/requirements.txt
	@python3 -m venv .venv-docs && .venv-docs/bin/python -m pip install -q --disable-pip-version-check -r $<
	@touch $@

docs: .venv-docs/.done ## The pages as a site in both languages, with search: build/docs (asks nothing of the network but its tools, once)
	@.venv-docs/bin/python docs/site/build.py $(CURDIR)/build/docs

.PHONY: dist
dist: deps ## The artefact for a release, in build/dist: make dist REPOSITORY=https://HOST/OWNER/NAME (docs/releasing.md)
	@python -m release.dist --repository '$(REPOSITORY)' --documentation '$(DOCUMENTATION)' --homepage '$(HOMEPAGE)' --issues '$(ISSUES)'
