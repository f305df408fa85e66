# Every target makes its own environment in .venv; a machine needs Python 3.11 or newer, git, make and a package registry.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SOURCES := $(shell find phelps_jupyter tests -name '*.py')
PYTEST_FLAGS ?= --numprocesses=auto --dist=worksteal

.PHONY: demo test lint types contracts coverage wheel bench clean

demo: $(VENV)/.examples
	$(BIN)/python examples/demo.py

# Each test of a notebook starts processes: where Python keeps no compiled files by itself, they would all compile the same.
test: $(VENV)/.test
	$(BIN)/python -m compileall -q phelps_jupyter
	$(BIN)/python -m pytest --cov --cov-report= $(PYTEST_FLAGS)

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy
	$(BIN)/mypy --strict examples/demo.py

contracts: $(VENV)/.test
	$(BIN)/lint-imports

# What must be proven by tests to the last branch; the rest is proven by tests that start real engines in other processes.
coverage: .coverage
	$(BIN)/coverage report --show-missing --skip-covered --fail-under=100 --include='phelps_jupyter/core/*'
	$(BIN)/coverage report --show-missing --skip-covered --fail-under=100 \
		--include='phelps_jupyter/runtime/values.py,phelps_jupyter/runtime/digest*.py'

wheel: $(VENV)/.test
	rm -rf dist
	$(BIN)/python -m build --wheel

# Beside other tools, each with its own way to say what depends on what; those that are not installed are left out.
bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks.precision
	$(BIN)/python -m benchmarks.engines --scale 0.1
	$(BIN)/python benchmarks/planning/planning.py
	$(BIN)/python benchmarks/machine/events.py
	$(BIN)/python benchmarks/values/digests.py

clean:
	rm -rf $(VENV) dist build .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Written by the tests, and as good as new while no source is younger.
.coverage: $(SOURCES)
	$(MAKE) test

$(VENV)/.python:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.examples: $(VENV)/.python pyproject.toml
	$(PIP) install --editable '.[examples]'
	touch $@

REQUIREMENTS := $(wildcard benchmarks/*/requirements.txt)
$(VENV)/.bench: $(VENV)/.test $(REQUIREMENTS)
	$(PIP) install $(REQUIREMENTS:%=-r %)
	touch $@

$(VENV)/.test: $(VENV)/.python pyproject.toml
	$(PIP) install --editable '.[test]'
	touch $@
