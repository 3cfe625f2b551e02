# `make` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LAKE ?= lake
LAKE_PATH := $(abspath $(LAKE))
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo ui test lint bench lock drops elements docs clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

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

test: $(VENV)/.dev ## Run the tests
	@$(BIN)/python -m pytest

lint: $(VENV)/.dev ## Check style and types
	@$(BIN)/ruff check --no-cache .
	@$(BIN)/ruff format --no-cache --check .
	@$(BIN)/mypy

bench: $(VENV)/.dev ## Measure raw to gold on BENCH_PATIENTS Synthea patients (default 80; needs Java and Maven)
	@$(BIN)/python bench/run.py

drops: $(VENV)/.run ## Make demo/drops again with Synthea (needs Java and Maven)
	@$(BIN)/python demo/make_drops.py

elements: $(VENV)/.run ## Make healthlake/r4/elements.json again (needs npm)
	@$(BIN)/python scripts/make_r4_elements.py

docs: $(VENV)/.dev ## Generate the generated parts of docs/
	@$(BIN)/python scripts/make_docs.py

lock: $(VENV)/.dev ## Resolve the dependencies again into requirements*.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-strip-extras --no-header --no-emit-index-url \
		--no-emit-find-links --python-version 3.11 --extra build pyproject.toml --output-file requirements.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-strip-extras --no-header --no-emit-index-url \
		--no-emit-find-links --python-version 3.11 --constraint requirements.txt --extra build --extra dev pyproject.toml \
		--output-file requirements-dev.txt

clean: ## Remove the demo lake, caches and the virtual environment
	@rm -rf $(VENV) lake .env .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
