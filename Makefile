# `make demo` and `make test` are all a newcomer needs; each sets up what is missing.
SHELL := /bin/bash
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help setup demo test soak check format lock up down status clean

help: ## This list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: ## Make the environment (.venv, Java, Delta's jars)
	@scripts/setup.sh

demo: setup ## Run the main job; UPLOADS=dir MAPPING=file REPORT=file are passed on
	@$(BIN)/recolake demo $(if $(UPLOADS),--uploads "$(UPLOADS)") $(if $(MAPPING),--mapping "$(MAPPING)") $(if $(REPORT),--report "$(REPORT)")

test: setup check ## Checks and tests, beside whatever platform is running
	@$(BIN)/python -m pytest

soak: setup ## The long counts of seeds and examples
	@RECOLAKE_SOAK=1 HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest

check: setup ## ruff, mypy, import-linter, sqlfluff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/sqlfluff lint -q dbt_project

format: setup ## Write every file as ruff and sqlfluff want it
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

lock: ## Compile requirements.lock from pyproject.toml; no index address may be in it
	@uv pip compile pyproject.toml --group dev --python-version 3.11 --universal --generate-hashes \
		--no-emit-index-url --no-annotate -q -o requirements.lock
	@! grep -nE 'https?://' requirements.lock

up: setup ## Start the platform
	@$(BIN)/recolake up

down: ## Stop the platform; nothing is lost
	@$(BIN)/recolake down

status: ## Every service with its URL and health
	@$(BIN)/recolake status
