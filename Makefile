PYTHON ?= python3
BIN := .venv/bin
NODE_TESTS := tests/identity_provider/node_modules tests/browser/node_modules
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install up test check format generate breaking lock bench bench-search bench-tickets bench-triage eval eval-triage train-triage gates security durability sla-proof clean

help: ## list the tasks
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: .venv/installed ## make .venv from the lock

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Helpdesk needs Python 3.11 or newer, this is %d.%d; try make PYTHON=python3.11" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@echo "Installing into .venv (about 140 packages, a minute or two) …"
	@$(PYTHON) -m venv .venv
	@# The lock is complete: left to resolve, pip would look for extras beside it and refuse them.
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

up: install ## install, then start everything (ARGS=--detach to leave it in the background)
	@$(BIN)/helpdesk up $(ARGS)

test: install $(NODE_TESTS) ## run all tests (some need Node.js, some Chromium)
	$(BIN)/pytest $(ARGS)

tests/%/node_modules: tests/%/package-lock.json
	@cd tests/$* && npm ci --silent --no-audit --no-fund
	@touch $@

check: install ## format, lint, types, imports, contract, fresh generated code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint gen/descriptors/helpdesk.binpb --config buf.yaml --path helpdesk
	$(BIN)/python proto/generate.py --check
	$(BIN)/python -m services.gateway.openapi --check
	$(MAKE) --no-print-directory breaking

breaking: install ## hold the contract against the one in git (BASE=origin/main)
	$(BIN)/python proto/breaking.py $(BASE)

format: install ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

generate: install ## make gen/ from proto/
	$(BIN)/python proto/generate.py
	$(BIN)/python -m services.gateway.openapi

lock: install ## resolve the dependencies anew
	$(BIN)/uv pip compile --quiet --upgrade pyproject.toml --extra dev --universal --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate -o requirements.lock

bench: install ## measure speed and memory against peers, side by side
	$(BIN)/python -m tests.bench $(ARGS)

bench-tickets: install ## measure tickets on both databases (ARGS="--folder DIR" keeps them)
	$(BIN)/python -m tests.bench --only creating
	$(BIN)/python -m tests.bench --only creating --postgresql
	$(BIN)/python -m tests.bench.listing $(ARGS)
	$(BIN)/python -m tests.bench.listing --postgresql $(ARGS)
	$(BIN)/python -m tests.bench.sla

bench-search: install ## measure search part by part (ARGS="--only searching --folder DIR")
	$(BIN)/python -m tests.bench.search_figures $(ARGS)

eval: install ## measure retrieval and refusals (ARGS="--stackfaq FILE --pages DIR" for more)
	$(BIN)/python -m tests.eval.retrieval $(ARGS)
	$(BIN)/python -m tests.eval.support

eval-triage: install ## measure how well tickets are sorted (ARGS="--data FOLDER" for more)
	$(BIN)/python -m tests.eval.triage $(ARGS)

bench-triage: install ## measure how fast tickets are sorted
	$(BIN)/python -m tests.bench.triage $(ARGS)

train-triage: install ## make the model that sorts tickets, with the train extra (ARGS="--data FOLDER --weights FOLDER")
	$(BIN)/python -m services.ticket.triage.training $(ARGS)

gates: install ## count the demo's rows, try each role, ask what must be found, route what must be routed
	$(BIN)/python tests/gates/seed.py
	$(BIN)/python tests/gates/auth_probe.py
	$(BIN)/python tests/gates/recall_check.py
	$(BIN)/python tests/gates/route_demo.py --engine in-process
	$(BIN)/python tests/gates/route_demo.py --engine temporal

security: install ## prove that a tenant cannot be crossed (about an hour; ARGS="--only tokens")
	$(BIN)/python -m tests.security $(ARGS)

durability: install ## kill -9 under load, and fifty agents at one ticket (ARGS="--kills 300")
	$(BIN)/python -m tests.durability $(ARGS)

sla-proof: install ## hold due times against a walk minute by minute (ARGS="--histories 10000")
	$(BIN)/python -m tests.ticket.sla.proof $(ARGS)

clean: ## remove what install and the tests have made (not the data in .helpdesk)
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
