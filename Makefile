# Both targets do all the set-up themselves. PYTHON must be 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed

.PHONY: demo test lint

demo: $(READY) ## run a subset of the default suite, print its table, draw its fronts
	$(BIN)/fusefront run demo -o runs/demo -j 2
	$(BIN)/fusefront plot runs/demo front -o runs/demo/front.png

test: $(READY) ## run the test suite
	$(BIN)/python -m pytest

lint: $(READY) ## format, lint, types, import direction
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(READY): pyproject.toml constraints/cpu.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -c constraints/cpu.txt -e '.[dev]'
	touch $@
