# Every target sets up what it needs; nothing but Python 3.11+, make and the package registries is assumed.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
CUSTOMER ?= 1

# Tests build a warehouse of their own, beside the one of `make run`.
TEST_ENV := DBT_TARGET=test DBT_TARGET_PATH=target/test
# The SQL of generated models is code too, but dbt quotes its relations and strips its end.
COMPILED := target/test/compiled/feature_store/models
NOT_IN_COMPILED := references.quoting,layout.end_of_file,structure.column_order,ambiguous.column_count

.DEFAULT_GOAL := help

help: ## Say what can be made.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-10s %s\n", $$1, $$2}'

run: setup ## Load, build, test, snapshot and export the sample, and read a customer back from Redis.
	$(BIN)/python scripts/load_raw.py
	$(BIN)/dbt build --exclude-resource-type unit_test
	$(BIN)/python scripts/export_to_redis.py
	$(BIN)/python scripts/get_features.py customer $(CUSTOMER)

test: lint-python test-sample lint-sql ## Check the style, build the sample on a target of its own, run every test.
	$(TEST_ENV) $(BIN)/python -m pytest

lint-python: setup-dev
	$(BIN)/ruff check scripts tests/python
	$(BIN)/ruff format --check scripts tests/python

test-sample: setup-dev
	$(TEST_ENV) $(BIN)/python scripts/load_raw.py
	$(TEST_ENV) $(BIN)/dbt build

lint-sql: test-sample
	$(TEST_ENV) $(BIN)/sqlfluff lint models/staging models/cleaned tests/data
	$(BIN)/sqlfluff lint --templater raw --exclude-rules $(NOT_IN_COMPILED) \
		$(COMPILED)/features/*.sql $(COMPILED)/online/*.sql

docs: setup ## Build the dbt docs lineage site as one static page.
	$(BIN)/dbt docs generate --static --target-path target/docs
	@echo "The site: $(CURDIR)/target/docs/static_index.html"

setup: .venv/.installed ## Make .venv and install the pinned requirements and the dbt packages.
	@$(BIN)/python scripts/install_dbt_packages.py

setup-dev: setup .venv/.installed-dev

.venv/.installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; $(PYTHON) is older. Next: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

clean: ## Remove what was built, but not the loaded data, the snapshots and .venv.
	rm -rf target dbt_packages logs

.PHONY: help run test lint-python lint-sql test-sample docs setup setup-dev clean
.NOTPARALLEL:
