# Everything starts here. `make help` lists the targets; each calls short scripts that a person can run alone.
# Stamps in .build/stamps make a second run do nothing that did not change.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

STAMPS := .build/stamps
PY     := .venv/bin/python
SOL    := $(shell find contracts -name '*.sol' 2>/dev/null)

.PHONY: help setup build demo test test-full bench check format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMPS)/python $(STAMPS)/tools ## .venv, node_modules and the pinned tools; needs Python 3.11+ and Node 20+, no root

build: $(STAMPS)/sdk ## compile the contracts and generate the SDK's ABIs, bytecode and typed access

demo: build ## play a year of a carbon market on a local chain
	@.venv/bin/carbon demo $(ARGS)

test: build ## static checks, contract tests and Python tests: complete for correctness, long things sampled
	@scripts/test.sh

test-full: build $(STAMPS)/audit ## everything, long replays and load included
	@scripts/test.sh --full

bench: build ## what it costs, against the committed baseline
	@$(PY) -m benchmarks $(ARGS)

check: build ## all static checks, one line each
	@scripts/checks/all.sh

format: setup ## format Solidity and Python in place
	@.build/bin/forge fmt
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix-only --quiet .

clean: ## remove everything that was built, .venv and node_modules included
	rm -rf .build .venv .venv-audit node_modules .ape dist build *.egg-info

$(STAMPS)/python: requirements.lock pyproject.toml scripts/toolchain/python_env.sh
	@scripts/toolchain/python_env.sh
	@mkdir -p $(@D) && touch $@

$(STAMPS)/node: package-lock.json scripts/toolchain/node_env.sh
	@scripts/toolchain/node_env.sh
	@mkdir -p $(@D) && touch $@

$(STAMPS)/tools: $(STAMPS)/node scripts/toolchain/locate.py scripts/toolchain/solc.js
	@$${PYTHON:-python3} scripts/toolchain/locate.py
	@mkdir -p $(@D) && touch $@

$(STAMPS)/forge: $(STAMPS)/tools foundry.toml scripts/toolchain/compile.sh $(SOL)
	@scripts/toolchain/compile.sh
	@mkdir -p $(@D) && touch $@

$(STAMPS)/sdk: $(STAMPS)/forge $(STAMPS)/python $(wildcard scripts/generate_contracts.py)
	@if [ -f scripts/generate_contracts.py ]; then $(PY) scripts/generate_contracts.py; fi
	@mkdir -p $(@D) && touch $@

# Static analysers of their own lock, as they contradict Ape's; only the checks need them.
$(STAMPS)/audit: requirements-audit.lock scripts/toolchain/python_env.sh
	@scripts/toolchain/python_env.sh requirements-audit.lock .venv-audit
	@mkdir -p $(@D) && touch $@
