# Every target sets up what it needs; nothing but Python 3.11+, make and the package registries is assumed.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
CUSTOMER ?= 1

# Tests build a warehouse of their own, beside the one of `make run`.
TEST_ENV := DBT_TARGET=test DBT_TARGET_PATH=target/test
# The SQL of generated models is code too, but dbt quotes its relations and strips its end.
COMPILED := target/test/compiled/feature_store/models
NOT_IN_COMPILED := references.quoting,layout.end_of_file,structure.column_order,ambiguous.column_count

# What make run reads of the sample, as far as it is not there.
SAMPLE := models/staging/complete_journey/_complete_journey.yml models/features/customer_purchases.yml \
	models/training/churn_labels.sql models/_exposures.yml
NOT_HERE := $(strip $(foreach file,$(SAMPLE),$(if $(wildcard $(file)),,$(file))))

.DEFAULT_GOAL := help

help: ## Say what can be made.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-10s %s\n", $$1, $$2}'

run: setup ## Load, build, test, snapshot and export the sample, read a customer back, write a training set.
ifneq ($(NOT_HERE),)
	@echo "make run builds the sample, and this project lacks: $(NOT_HERE)."
	@echo "Next: git checkout -- models brings it back; for a project of your own see docs/guides/adopt.md."
	@echo "What is here is loaded, built and exported now, as by make refresh."
	$(BIN)/python scripts/refresh.py
else
	$(BIN)/python scripts/load_raw.py
	$(BIN)/dbt build --exclude-resource-type unit_test
	$(BIN)/python scripts/export_to_redis.py
	$(BIN)/python scripts/get_features.py customer $(CUSTOMER)
	$(BIN)/python scripts/build_training_set.py --service churn_model --labels churn_labels \
		--split-by-time 2017-09-01,2017-11-01 --label-window 28d --out target/training/churn
endif

refresh: setup ## Load, build, test and export what is new, or what START= to END= holds.
	$(BIN)/python scripts/refresh.py $(if $(START),--start '$(START)') $(if $(END),--end '$(END)') \
		$(if $(WAIT),--wait '$(WAIT)') $(if $(QUIET),--quiet)

replay: setup ## Run START= to END= day by day (EVERY=1d) in a warehouse of its own.
	@test -n '$(START)' -a -n '$(END)' \
		|| { echo "START and END are missing. Next: make replay START=2017-06-01 END=2017-06-08"; exit 1; }
	$(BIN)/python scripts/replay.py --start '$(START)' --end '$(END)' $(if $(EVERY),--every '$(EVERY)') \
		$(if $(FRESH),--fresh)

views: setup ## Complete the feature views from their declarations: columns, tests, models, online views.
	$(BIN)/python scripts/write_feature_views.py $(VIEW)

test: lint-python test-sample check-views lint-sql .venv-airflow/.installed ## Check the style, build the sample on a target of its own, run every test.
	$(TEST_ENV) $(BIN)/python -m pytest --numprocesses auto --dist loadfile

test-fast: setup-dev ## Run the quick tests: loader, keys, reads, declarations; no built sample, Airflow or failing servers.
	$(BIN)/python -m pytest -m 'not slow' --numprocesses auto --dist loadfile

lint-python: setup-dev
	$(BIN)/ruff check scripts tests/python benchmarks
	$(BIN)/ruff format --check scripts tests/python benchmarks

test-sample: setup-dev
	$(TEST_ENV) $(BIN)/python scripts/load_raw.py
	$(TEST_ENV) $(BIN)/dbt build
	@# Where the sample was there already, only what changed was built; the tests read the whole SQL.
	$(TEST_ENV) $(BIN)/dbt --quiet compile

check-views: test-sample
	$(TEST_ENV) $(BIN)/python scripts/write_feature_views.py --check

lint-sql: test-sample
	$(TEST_ENV) $(BIN)/sqlfluff lint models/staging models/cleaned models/training/*_labels.sql tests/data
	@# The feature views by positions have frames that sqlfluff cannot parse; a test lints these.
	$(BIN)/sqlfluff lint --templater raw --exclude-rules $(NOT_IN_COMPILED) \
		$(COMPILED)/online/*.sql $(COMPILED)/training/*_training_set.sql

bench: setup .venv-feast/.installed .venv-bench/.installed ## Measure against Feast, Polars and pandas, hours; writes docs/benchmarks/.
	$(BIN)/python benchmarks/compare_point_in_time_joins.py
	$(BIN)/python benchmarks/compare_online_stores.py
	$(BIN)/python benchmarks/compare_feature_builds.py

airflow: setup .venv-airflow/.installed ## Start a local Airflow with the pipeline's DAG, on loopback, to look at.
	@scripts/airflow/start.sh

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

# Feast gets an environment of its own: it asks for other versions than this project does.
.venv-feast/.installed: requirements-feast.txt
	$(PYTHON) -m venv .venv-feast
	.venv-feast/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-feast.txt
	@touch $@

# Airflow too; its tasks run the project's commands in .venv.
.venv-airflow/.installed: requirements-airflow.txt
	$(PYTHON) -m venv .venv-airflow
	.venv-airflow/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-airflow.txt
	@touch $@

# Data frames get one too: the project needs none of them.
.venv-bench/.installed: requirements-bench.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@touch $@

clean: ## Remove what was built, but not the loaded data, the snapshots and .venv.
	rm -rf target dbt_packages logs

.PHONY: help run refresh replay views test test-fast check-views lint-python lint-sql test-sample bench airflow docs setup setup-dev clean
.NOTPARALLEL:
