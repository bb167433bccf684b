# Thin: every target is one command that also works by hand.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin
PROFILE ?= flagship
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/.done: requirements.txt requirements-dev.txt
	@lab/deps
	@touch $@

.PHONY: deps lab lab-down test test-full lint unit
deps: $(BIN)/.done ## The controller's Python tools, pinned, in .venv

lab: ## The main job on the embedded lab: a real node, a chat page, one answer
	@lab/lab check && $(MAKE) --no-print-directory deps && lab/lab light

lab-down: ## Remove the lab: nodes, network, mounts, processes (the cache stays; lab/lab purge)
	@lab/lab down

test: deps ## All tests that a change must pass
	@tests/run quick

test-full: deps ## The slow suites too
	@tests/run full

lint: deps ## Style and static checks
	@tests/run lint

unit: deps ## Unit tests
	@tests/run unit

CASES ?= tests/sizing/data/cases.jsonl
MODELS ?= tests/sizing/data/models.json

OUT ?= $(CURDIR)/bundle

.PHONY: bundle
bundle: INVENTORY ?= inventories/$(PROFILE)
bundle: deps ## All a site without internet needs: make bundle INVENTORY=inventories/lab OUT=/srv/bundle
	@ansible-playbook playbooks/bundle.yml -i $(INVENTORY) -e bundle_out=$(abspath $(OUT))

.PHONY: plan sizing-accuracy bench-weights
sizing-accuracy: deps ## The planner against published vLLM starts: make sizing-accuracy CASES=FILE MODELS=FILE
	@tests/sizing/peer_setup.sh || echo "the peer (aiconfigurator) could not be installed; its row is left out"
	@python -m tests.sizing.accuracy $(CASES) $(MODELS)

bench-weights: deps ## Weights: ours beside the SDK, aria2c and curl, in one run
	@tests/bench/run

.PHONY: bake
bake: INVENTORY ?= inventories/lab-disk
bake: deps ## A bootable disk image of an appliance: make bake INVENTORY=inventories/mine (docs/disk-image.md)
	@ansible-playbook playbooks/bake.yml -i $(INVENTORY)

plan: deps ## Plan a profile without any node: make plan PROFILE=flagship
	@ansible-playbook playbooks/plan.yml -i inventories/$(PROFILE)
