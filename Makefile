# `make` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LAKE ?= lake
HISTORIES ?= 20000
LAKE_PATH := $(abspath $(LAKE))
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo ui test test-slow test-aws test-trino test-histories test-kills test-3.13 fuzz lint bench bench-increment bench-merge lock drops elements vega report-picture docs detection sql-on-fhir-report glue-zip clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9.-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# What `make demo` needs: no Java, no pyspark.
$(VENV)/.run: requirements.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing healthlake into $(VENV) (about a minute the first time)"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# What tests and lint need on top.
$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "installing the development tools into $(VENV) (two minutes the first time)"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

# A bare `dagster dev` in the clone reads this; it needs an absolute path.
define write_env
@printf 'DAGSTER_HOME=%s\nHEALTHLAKE_LAKE=%s\n' '$(LAKE_PATH)/.dagster' '$(LAKE_PATH)' > .env
endef

demo: $(VENV)/.run ## Land three days of Synthea drops in ./lake (LAKE=DIR), fill the tables, show them
	$(write_env)
	@$(BIN)/healthlake demo --lake '$(LAKE_PATH)'

ui: $(VENV)/.run ## Open Dagster's UI on the lake at http://localhost:3000 (LAKE=DIR for another)
	@test -d '$(LAKE_PATH)/.dagster' || { echo "no lake in $(LAKE_PATH) yet: run make demo, or make ui LAKE=DIR"; exit 2; }
	$(write_env)
	@$(BIN)/dagster dev

test: $(VENV)/.dev ## Run the tests, in two processes of which one has the Spark
	@$(BIN)/python -m pytest -n 2 -m "not slow"

test-slow: $(VENV)/.dev ## Run the proofs that take long, each: parity of the engines, privacy, defects, a live schedule
	@$(BIN)/python -m pytest -n 2 -m slow

test-aws: $(VENV)/.dev ## Run the profile aws on an emulator: Glue jobs in Spark, Athena, the demo through both (needs Maven)
	@$(BIN)/python -m pytest tests/aws tests/aws_emulator tests/aws_demo

test-trino: $(VENV)/.dev ## Hold gold and the rules to a real Trino (4 minutes; needs Java 24+ and Maven; fetches 540 MB once)
	@$(BIN)/python -m tests.trino

test-histories: $(VENV)/.dev ## Hold 20,000 generated histories to the reference model (HISTORIES=N; half an hour)
	@HEALTHLAKE_HISTORIES=$(HISTORIES) $(BIN)/python -m pytest tests/model/test_histories.py -k every_table

test-kills: $(VENV)/.dev ## Kill runs of the demo's drops at 100 random moments (Spark: 10), and make them good (half an hour)
	@KILLS=100 SPARK_KILLS=10 KILL_DROPS=demo $(BIN)/python -m pytest -q tests/laws/test_sigkill.py \
		tests/laws/test_sigkill_spark.py

# The same lock in an environment of its own. Dagster's tests and the CLI's run in Dagster's Python, not in Glue's.
# Python 3.13 warns of SQLite connections that PyIceberg's catalog (0.12) leaves to the garbage collector.
PYTHON_313 ?= $(firstword $(shell for python in python3.13 "$$HOME"/.pyenv/versions/3.13*/bin/python; do \
	"$$python" -c '' 2>/dev/null && echo "$$python"; done))
VENV_313 := .venv-3.13

$(VENV_313)/.dev: requirements-dev.txt pyproject.toml
	@test -x $(VENV_313)/bin/python || $(PYTHON_313) -m venv $(VENV_313)
	@echo "installing the development tools into $(VENV_313) (two minutes the first time)"
	@$(VENV_313)/bin/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	@$(VENV_313)/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

test-3.13: ## Run the library's tests on Python 3.13, which Glue 6.0 has
ifeq ($(strip $(PYTHON_313)),)
	@echo "skipped: no Python 3.13 found; give one with make test-3.13 PYTHON_313=/path/to/python"
else
	@$(MAKE) --no-print-directory $(VENV_313)/.dev
	@$(VENV_313)/bin/python -m pytest --ignore tests/dagster --ignore tests/cli \
		-W 'ignore:unclosed database:ResourceWarning'
endif

fuzz: $(VENV)/.dev ## Split spoilt drops for SECONDS of CPU (default 1800); what fails is kept in .fuzz/ (SEED=N: from there)
	@nice -n 19 env SECONDS='$(or $(SECONDS),1800)' SEED='$(or $(SEED),0)' $(BIN)/python -m tests.fuzz.run

lint: $(VENV)/.dev ## Check style, types, and that all SQL means the same in every engine
	@$(BIN)/ruff check --no-cache .
	@$(BIN)/ruff format --no-cache --check .
	@$(BIN)/mypy
	@$(BIN)/python scripts/lint_sql.py

bench: $(VENV)/.dev ## Measure raw to gold on BENCH_PATIENTS Synthea patients (default 80; ENGINE=spark; needs Java and Maven)
	@$(BIN)/python bench/run.py

bench-increment: $(VENV)/.dev ## Measure a second day of 1 % after a first one of 800 patients (ENGINE=spark)
	@$(BIN)/python bench/increment.py

bench-merge: $(VENV)/.dev ## Measure ways to change a current table on Spark (ROWS=700000)
	@$(BIN)/python bench/merge.py

drops: $(VENV)/.run ## Make demo/drops again with Synthea (needs Java and Maven)
	@$(BIN)/python demo/make_drops.py

elements: $(VENV)/.run ## Make healthlake/r4/elements.json again (needs npm)
	@$(BIN)/python scripts/make_r4_elements.py

vega: $(VENV)/.dev ## Bundle Vega for the data-quality page again
	@$(BIN)/python scripts/make_vega_bundle.py

report-picture: $(VENV)/.dev ## Take the README's picture of the data-quality page (needs Chromium; PAGE=FILE for another)
	@$(BIN)/python -m scripts.make_report_picture $(PAGE)

docs: $(VENV)/.dev ## Generate the generated parts of docs/
	@$(BIN)/python scripts/make_docs.py

detection: $(VENV)/.dev ## Put defects into the demo's drops, count which are found, into docs/detection.md (2 minutes)
	@$(BIN)/python -m scripts.make_detection

sql-on-fhir-report: $(VENV)/.dev ## Run the official SQL on FHIR suite on both engines into docs/ (needs Java)
	@$(BIN)/python -m scripts.make_sql_on_fhir_report

glue-zip: $(VENV)/.dev ## Pack the library for Glue into dist/, with the list of wheels that its jobs need
	@$(BIN)/python scripts/make_glue_zip.py

lock: $(VENV)/.dev ## Resolve the dependencies again into requirements*.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-strip-extras --no-header --no-emit-index-url \
		--no-emit-find-links --python-version 3.11 --extra build pyproject.toml --output-file requirements.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-strip-extras --no-header --no-emit-index-url \
		--no-emit-find-links --python-version 3.11 --constraint requirements.txt --extra build --extra dev pyproject.toml \
		--output-file requirements-dev.txt

clean: ## Remove the demo lake, caches and the virtual environment
	@rm -rf $(VENV) $(VENV_313) dist lake .env .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
