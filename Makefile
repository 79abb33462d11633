# Thin targets: what they run is in the command line `palabre` and in pytest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
T ?= tests
# Three for two cores: half of the time a test waits for a disk, a server or a browser.
WORKERS ?= $(shell echo $$(( ($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2 )))

# Compiled once, not anew by each of the hundreds of processes that tests start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help serve test check format bench bench-full experiments lock clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

# Two stamps: running needs far less than testing. pip is only asked again when a lock has changed.
$(VENV)/.run-ready: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test-ready: requirements-dev.lock $(VENV)/.run-ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

serve: $(VENV)/.run-ready  ## run everything on SQLite at http://127.0.0.1:8000, demonstration included
	@$(BIN)/palabre demo
	@exec $(BIN)/palabre serve --desk owner

test: $(VENV)/.test-ready  ## run the whole test suite; T=tests/web/test_submit.py for a part of it
	$(BIN)/python -m pytest $(T) --ignore=tests/experiments --numprocesses=$(WORKERS) --dist=loadgroup

check: $(VENV)/.test-ready  ## format, lint and types, changing nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.test-ready  ## rewrite the code in the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.test-ready  ## rates, memory and a flood beside bare baselines and Isso, both engines (10 minutes, needs wrk)
	$(BIN)/python tests/bench/run.py $(PARTS)

bench-full: $(VENV)/.test-ready  ## the same for longer, and up to a million comments
	$(BIN)/python tests/bench/run.py --full $(PARTS)

experiments: $(VENV)/.test-ready  ## the long ones: hundreds of kills under load
	$(BIN)/python -m pytest tests/experiments

lock:  ## renew the lock files (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --group build pyproject.toml -o requirements.lock --custom-compile-command "make lock"
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --group build --extra postgres -c requirements.lock pyproject.toml -o requirements-postgres.lock --custom-compile-command "make lock"
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --group build --group test --group lint --all-extras -c requirements.lock pyproject.toml -o requirements-dev.lock --custom-compile-command "make lock"

clean:  ## remove what make made, but not data/
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
