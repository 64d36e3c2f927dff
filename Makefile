# Everything here needs only Python 3.11 or newer with pip; each target sets up the virtual environment it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# Two test processes by default: the DNS servers and doubles that the tests start want a core too.
JOBS ?= 2

.PHONY: help demo test lint bench docs clean

help:
	@echo "make demo   set up, then show DNS following an Ingress (no account, no cluster)"
	@echo "make test   set up, then lint, type check and run all tests"
	@echo "make lint   ruff, mypy and the direction of imports only"
	@echo "make bench  the benchmarks, with their peers, written to benchmarks/results"
	@echo "make docs   write docs/options.md anew from the settings model"
	@echo "make clean  remove the virtual environment and the caches"

$(VENV)/.pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "dnssync needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	@touch $@

$(VENV)/.run: $(VENV)/.pip pyproject.toml $(wildcard resolver/fast/*.[ch])
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run pyproject.toml
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

demo: $(VENV)/.run
	$(BIN)/dnssync demo

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/pytest -n $(JOBS)

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

docs: $(VENV)/.run
	$(BIN)/python -m dnssync.cli.docs docs/options.md

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
