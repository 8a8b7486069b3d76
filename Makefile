# Two commands do everything on a machine with Python and make: `make demo`, `make test`.
PYTHON ?= python3
VENV   ?= .venv
GROUP  ?= dev
BIN    := $(VENV)/bin
# A worker a core; the tests of one file stay together, for they share what is costly to make. Files
# begin in the order that tests/conftest.py gives them: the slow ones first.
PYTEST := -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder
# Made again for another Python and for other pins. The demo needs less than the rest.
READY  := $(VENV)/.ready-$(GROUP)-$(notdir $(PYTHON))
DEMO   := $(VENV)/.ready-demo-$(notdir $(PYTHON))
# `make test COVERAGE=1` measures as well; .ci/run adds up what all Pythons measured.
RUN    := $(BIN)/$(if $(COVERAGE),coverage run,python)

.DEFAULT_GOAL := help
.PHONY: help demo test test-httpx2 lint format bench chaos derived screenshot constraints clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/.ready-%: pyproject.toml constraints.txt tools/venv.py
	@command -v $(PYTHON) >/dev/null || { echo "make: there is no $(PYTHON); name another: make demo PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) tools/venv.py $(VENV) $(firstword $(subst -, ,$*))
	@touch $@

demo: $(if $(wildcard $(READY)),$(READY),$(DEMO)) ## See one legacy script before and after, against a sandbox
	@$(BIN)/fxshim demo

test: $(READY) ## Run the tests under -W error
	@$(RUN) $(PYTEST)

test-httpx2: $(READY) ## Run the tests on httpx's successor
	@FXIAOKE_SHIM_HTTP=httpx2 $(RUN) $(PYTEST)

lint: $(READY) ## ruff, mypy, pyright, import-linter
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

format: $(READY) ## Format and sort in place
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(READY) ## Measure, and write benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks

chaos: $(READY) ## Run 10,000 members through faults and twisted answers, 20 times; kill a run 50 times
	$(BIN)/python tests/chaos/run.py
	$(BIN)/python tests/chaos/kill.py

derived: $(READY) ## Derive again: stubs, derived modules, the tables of the documents, the story of MIGRATION.md
	$(BIN)/python docs/stubs.py
	$(BIN)/python docs/derive.py
	$(BIN)/ruff format --quiet shim/__init__.pyi shim/aio.pyi shim/offline/answers.pyi \
	  shim/settings/changes.py shim/usage/_event_fields.py
	$(BIN)/python docs/story.py --write

screenshot: $(READY) ## Make the picture of the report (needs Debian's chromium)
	$(BIN)/python docs/report.py

constraints: $(READY) ## Pin every dependency again for Python 3.10 to 3.14
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --all-extras --group dev \
	  --no-emit-index-url --no-emit-find-links --no-annotate --no-header --upgrade \
	  pyproject.toml --output-file constraints.txt

clean: ## Remove what make made
	rm -rf $(VENV) .venv-* .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Environments with the oldest pytest that the plugin knows, and with each later one.
PLUGIN_7 := pytest==7.0.* pluggy==1.0.* pytest-xdist==2.5.*
PLUGIN_8 := pytest==8.* pytest-xdist==3.6.*
PLUGIN_9 := pytest==9.* pytest-xdist
UV := $(BIN)/uv --quiet --no-config

.PHONY: test-plugin test-plugin-7 test-plugin-8 test-plugin-9 test-sdist test-wheel

test-plugin: test-plugin-7 test-plugin-8 test-plugin-9 ## Run the plugin's tests on pytest 7.0 to 9

test-plugin-7 test-plugin-8 test-plugin-9: test-plugin-%: $(READY)
	@$(UV) venv --clear --python $(ON) .venv-pytest$*
	@$(UV) pip install --python .venv-pytest$*/bin/python --editable . $(PLUGIN_$*)
	@.venv-pytest$*/bin/python -c "import pluggy, pytest, xdist; print('pytest', pytest.__version__, \
	  'pluggy', pluggy.__version__, 'xdist', xdist.__version__)"
	PYTEST_PLUGIN_PYTHON=$(CURDIR)/.venv-pytest$*/bin/python \
	  $(BIN)/python $(PYTEST) --dist load --quiet tests/test_pytest_plugin.py

# Builds the sdist, the wheel from it, and unpacks the sdist: $(1) is an empty folder.
define build
$(UV) build --sdist --out-dir $(1)/dist . && \
$(UV) build --wheel --out-dir $(1)/dist $(1)/dist/*.tar.gz && \
mkdir $(1)/src && tar -xzf $(1)/dist/*.tar.gz -C $(1)/src --strip-components 1
endef

# Options of pytest for the two below, for example the files to run.
TESTS ?=
# The Python to test on.
ON ?= $(BIN)/python

test-sdist: $(READY) ## Run the tests from an unpacked sdist (ON=…, TESTS=…)
	@set -eu; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; $(call build,"$$folder"); \
	  $(UV) venv --python $(ON) "$$folder/venv"; cd "$$folder/src"; \
	  uv=$(abspath $(BIN)/uv); \
	  $$uv --quiet pip install --python ../venv/bin/python -c constraints.txt -e '.[all]' --group test; \
	  ../venv/bin/python $(PYTEST) --quiet $(TESTS)

test-wheel: $(READY) ## Run the tests against the installed wheel (ON=…, TESTS=…, COVERAGE=1)
	@set -eu; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; $(call build,"$$folder"); \
	  $(UV) venv --python $(ON) "$$folder/venv"; cd "$$folder/src"; \
	  rm -rf shim fxiaoke_shim_pytest.py; set -- "$$folder"/dist/*.whl; uv=$(abspath $(BIN)/uv); \
	  $$uv --quiet pip install --python ../venv/bin/python -c constraints.txt --group test \
	    "fxiaoke-shim[all] @ file://$$1"; \
	  ../venv/bin/python -c "import sys, shim; assert 'site-packages' in shim.__file__; \
	    print('Testing the installed wheel on Python', sys.version.split()[0])"; \
	  $(if $(COVERAGE),COVERAGE_FILE=$(CURDIR)/.coverage) \
	    ../venv/bin/$(if $(COVERAGE),coverage run,python) $(PYTEST) --quiet $(TESTS)
