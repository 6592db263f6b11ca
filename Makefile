# Every path is relative and quoted, so that the folder's own path may hold spaces.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
export PIP_DISABLE_PIP_VERSION_CHECK := 1

BIN := .venv/bin
PY := $(BIN)/python
DEMO_ARGS ?=
TEST_ARGS ?=
# One process a core; TEST_ARGS="-n 0" runs all in one, which a debugger needs.
SIDE_BY_SIDE := -n auto --maxprocesses 4 --dist loadfile

.PHONY: help demo test test-all lint types contracts check audit browser postgresql sip lock bench clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: .venv/installed ## Install, then run the main job on a generated insurer (DEMO_ARGS=--no-serve ends after the decisions)
	@$(PY) -m pipelines.cli demo $(DEMO_ARGS)

test: .venv/installed-dev ## Run the tests that take under twenty seconds each (TEST_ARGS for pytest)
	@$(PY) -m pytest $(SIDE_BY_SIDE) $(TEST_ARGS)

test-all: .venv/installed-dev ## Run every test, the slow ones too
	@$(PY) -m pytest -m "slow or not slow" $(SIDE_BY_SIDE) $(TEST_ARGS)

lint: .venv/installed-dev ## Check format and lint
	@$(PY) -m ruff format --check . && $(PY) -m ruff check .

types: .venv/installed-dev ## Check types, strictly
	@$(PY) -m mypy

contracts: .venv/installed-dev ## Check which package may import which
	@$(BIN)/lint-imports --no-cache

check: lint types contracts test ## Everything that CI checks

audit: .venv/installed-dev ## Ask the advisory database about every locked dependency (needs the network)
	@$(PY) -m venv --clear .venv/audit && .venv/audit/bin/pip install -q pip-audit
	@.venv/audit/bin/pip-audit --strict --require-hashes --disable-pip -r requirements-dev.txt -r requirements.txt -r requirements-serving.txt

browser: ## Install Debian's Chromium for the page tests (needs root)
	@command -v chromium >/dev/null || (apt-get update -qq && apt-get install -y -qq chromium) >/dev/null

sip: ## Install Debian's Kamailio and sipp for the SIP example and its tests (needs root)
	@(command -v kamailio && command -v sipp) >/dev/null || (apt-get update -qq && apt-get install -y -qq --no-install-recommends kamailio kamailio-extra-modules sip-tester) >/dev/null

postgresql: ## Install Debian's PostgreSQL for the tests of a log in it (needs root)
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || (apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql) >/dev/null

lock: .venv/installed-dev ## Resolve the locked requirements anew
	@$(PY) -m pip install -q uv 2>/dev/null
	@for out in "requirements-serving.txt" "requirements.txt --extra training --group install" "requirements-dev.txt --extra training --extra postgresql --extra oidc --group install --group dev"; do \
	  $(PY) -m uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header --no-annotate --upgrade -q -o $$out; done

bench: .venv/installed-dev ## Print every figure that the README quotes
	@$(PY) -m benchmarks.run

clean: ## Remove the environment and what the demo made
	@rm -rf .venv callworth-home

# Installed once for each content of the locked files; a second run needs no network.
.venv/bin/python:
	@for candidate in python3.11 python3.12 python3.13 python3; do \
	  if "$$candidate" -c 'import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2])' 2>/dev/null; then \
	    exec "$$candidate" -m venv .venv; fi; done; \
	  echo "Callworth needs Python 3.11 or newer, with the venv module, on the PATH." >&2; exit 1

.venv/installed: requirements.txt pyproject.toml | .venv/bin/python
	@echo "Installing into .venv (once; about two minutes) ..."
	@$(PY) -m pip install -q --require-hashes -r requirements.txt 2>.venv/install.log || { tail -n 20 .venv/install.log >&2; exit 1; }
	@$(PY) -m pip install -q --no-deps --no-build-isolation --no-index -e . 2>.venv/install.log || { tail -n 20 .venv/install.log >&2; exit 1; }
	@touch .venv/installed

.venv/installed-dev: requirements-dev.txt .venv/installed
	@echo "Installing the test tools into .venv (once) ..."
	@$(PY) -m pip install -q --require-hashes -r requirements-dev.txt 2>.venv/install.log || { tail -n 20 .venv/install.log >&2; exit 1; }
	@touch .venv/installed-dev
