# `make demo` and `make test` are all a newcomer needs; each sets up what is missing.
SHELL := /bin/bash
BIN := .venv/bin
# Two processes share the tests, each with a platform of its own; SHARED= has one do them all.
SHARED ?= -n 2 --dist loadscope --no-loadscope-reorder
.DEFAULT_GOAL := help
.PHONY: help setup demo test soak check clients format lock sbom up down status

help: ## This list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: ## Make the environment (.venv, Java, the engine's jars)
	@scripts/setup.sh

demo: setup ## Run the main job; UPLOADS=folder MAPPING=file REPORT=file are passed on
	@$(BIN)/recolake demo $(if $(UPLOADS),--uploads "$(UPLOADS)") $(if $(MAPPING),--mapping "$(MAPPING)") \
		$(if $(REPORT),--report "$(REPORT)")

test: setup check ## Checks, then tests, on a platform of their own beside whatever runs
	@$(BIN)/python -m pytest $(SHARED)

soak: setup ## The tests with long counts of seeds and examples
	@RECOLAKE_SOAK=1 $(BIN)/python -m pytest $(SHARED)

check: setup ## Lock, ruff, mypy, import-linter, sqlfluff
	@$(MAKE) --no-print-directory -j 2 --output-sync=target check-types check-sql check-style

.PHONY: check-style check-types check-sql
check-style:
	@$(BIN)/python scripts/check_lock.py
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check .
	@$(BIN)/lint-imports --no-logo

check-types:
	@$(BIN)/mypy

check-sql:
	@$(BIN)/sqlfluff lint -q dbt_project

clients: setup ## Write what the client libraries have of the live applications' descriptions
	@$(BIN)/python -m scripts.clients

format: setup ## Write every file as ruff wants it
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q .

# uv keeps the pins that still fit; delete requirements.lock first to renew them all.
lock: setup ## Compile requirements.lock from pyproject.toml
	@scripts/uv.sh pip compile pyproject.toml --group dev --python-version 3.11 --universal \
		--generate-hashes --no-emit-index-url --no-annotate -q -o requirements.lock
	@$(BIN)/python scripts/check_lock.py

sbom: setup ## Print what is locked as a bill of materials (CycloneDX)
	@$(BIN)/python scripts/sbom.py

up: setup ## Start the platform
	@$(BIN)/recolake up

down: setup ## Stop the platform; nothing is lost
	@$(BIN)/recolake down

status: setup ## Every service with its URL and health
	@$(BIN)/recolake status
