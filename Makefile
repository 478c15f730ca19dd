# Everything a newcomer needs is `make demo` and `make test`; `make help` lists the rest.
# Compiled modules are kept even where the environment says otherwise: every start would compile all packages anew.
unexport PYTHONDONTWRITEBYTECODE
PORT ?= 8000
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
NODE := $(VENV)/.node
FRONT := node_modules/.built
# The lock files are complete, so nothing is resolved; modules are compiled when they are first imported.
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-compile --require-hashes
# Packages of both kinds are fetched at the same time.
MAKEFLAGS += -j2

.PHONY: help demo test lint check fix soak bench load migration translations lock clean

help: ## show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(RUNTIME) $(FRONT) ## set everything up and run the product with a demo province (PORT=8000)
	@exec $(BIN)/python -m demo --port $(PORT)

test: $(DEV) $(FRONT) ## set everything up and run every test, browser tests included
	@$(BIN)/python -m tests.support.chromium
	$(BIN)/python -m pytest -q -n 3 --dist loadgroup $(ARGS)

lint: $(DEV) ## lint, types, templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/djlint --lint --quiet lms media question_bank exam

check: lint $(FRONT) ## lint, and the tests of the house: import contracts, migrations, docs, translations
	$(BIN)/python -m pytest -q -p no:randomly tests/house

fix: $(DEV) ## format and mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

soak: $(DEV) $(FRONT) ## the long proofs: kills under load, races, thousands of cases
	$(BIN)/python -m pytest -q -m soak -p no:randomly $(ARGS)

bench: $(DEV) $(FRONT) ## CPU per request of the hot paths against a bare Flask app, in one run
	$(BIN)/python -m load_tests.bench $(ARGS)

load: $(DEV) $(FRONT) ## a short load test of one city window against a product of its own (ARGS=…)
	$(BIN)/python -m load_tests run lms/programmes/jiangxi-2023.toml $(ARGS)

migration: $(DEV) ## print the operations that the declared tables lack in the migrations
	$(BIN)/python -m lms.kernel.migration_draft

translations: $(DEV) ## gather messages and update the English catalogue
	$(BIN)/python -m lms.kernel.catalogue

lock: $(DEV) ## pin every dependency anew, with hashes and without addresses
	rm -f requirements/*.txt
	cd requirements && UV="../$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header -q -p 3.11 ../pyproject.toml"; \
	$$UV --extra dev -o dev.txt && $$UV -c dev.txt -o runtime.txt && $$UV --extra node -c dev.txt -o node.txt

clean: ## forget the demo's data (the environment stays)
	rm -rf var

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; found $(PYTHON)"; exit 1; }
	@echo "· creating the environment"
	@$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements/runtime.txt | $(BIN)/python
	@echo "· installing the product's packages (about a minute the first time)"
	@$(INSTALL) -r requirements/runtime.txt
	@touch $@

$(DEV): requirements/dev.txt $(RUNTIME)
	@echo "· installing the tools for tests"
	@$(INSTALL) -r requirements/dev.txt
	@touch $@

$(FRONT): package.json package-lock.json lms/kernel/frontend.py | $(BIN)/python
	@echo "· installing the front-end packages"
	@command -v npm >/dev/null || $(INSTALL) -r requirements/node.txt
	@$(BIN)/python -m lms.kernel.frontend
	@touch $@
