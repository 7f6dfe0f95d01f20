# The two commands a newcomer needs are `make serve` and `make test`; each makes .venv when it is missing.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
# What the environment was made from: when it changes, the environment is brought up to date.
STAMP := .venv/.made
# Empty, so that bytecode is kept: pytest would rewrite each test module anew in every process.
export PYTHONDONTWRITEBYTECODE =

.PHONY: serve test lint proof matrix bench clean

serve: $(STAMP)
	$(BIN)/mockserver serve $(ARGS)

# Many tests wait for sockets and processes: one worker more than there are cores.
test: $(STAMP)
	$(BIN)/python -m pytest -q -n 3 $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The long checks: five minutes of fuzzing, every tool, a million requests, ten times the examples, repeated runs, all
# flawed providers, the clients with their waits as they are, and twenty times in a hurry.
proof: $(STAMP)
	.ci/node-tools
	CATALOGUES=all SCHEMATHESIS_SECONDS=300 SOAK_REQUESTS=1000000 STORM_OPERATIONS=16000 $(BIN)/python -m pytest -q -m slow $(ARGS)
	cd tests && ../$(BIN)/python -m clients.matrix --scale 1
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do (cd tests && ../$(BIN)/python -m clients.matrix --quick) || exit 1; done
	HYPOTHESIS_PROFILE=proof $(BIN)/python -m pytest -q -n 2
	for i in 1 2 3 4 5; do $(BIN)/python -m pytest -q -n 2 || exit 1; done

# The verifier against every flawed provider, the grader against every client; the docs' tables are made anew.
matrix: $(STAMP)
	cd tests && ../$(BIN)/python -m providers.matrix --write ../contracts/matrix.md $(ARGS)
	cd tests && ../$(BIN)/python -m clients.matrix --write ../contracts/clients.md

bench: $(STAMP)
	$(BIN)/python tests/bench/run.py $(ARGS)
	$(BIN)/python tests/bench/callbacks.py
	PYTHONPATH=tests $(BIN)/python tests/bench/fixtures.py

$(STAMP): pyproject.toml
	@echo "Making .venv: this takes about a minute, once."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $(STAMP)

clean:
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .schemathesis build dist
