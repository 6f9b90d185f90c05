# `make demo` or `make test` is all that a fresh Debian or Ubuntu with python3 (3.11 or later), git and make needs.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/windlass-stamp

# The hosts of the vps tier need root. Another user's run takes sudo where it asks for no password; else that
# tier says what it lacks.
SUDO := $(shell [ "$$(id -u)" = 0 ] || { sudo -n true 2>/dev/null && echo sudo -H --preserve-env=CI; })
# The tests wait more than they work, those of the unit tier most; worksteal lets a file's tests run side by side.
WORKERS ?= 3
UNIT_WORKERS ?= 6
# Without it each worker compiles every test module anew.
unexport PYTHONDONTWRITEBYTECODE
# What it counts is lost requests at 100 a second: nothing else may want the cores meanwhile.
LOADED := tests/vps/test_prompthub_under_load.py
TORTURE := $(foreach name,ROUNDS HOSTS SEED ROUND,$(if $($(name)),--$(shell echo $(name) | tr A-Z a-z) $($(name))))
TYPED := windlass tasks tests.support tests.vps tests.bench
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
PYTEST_UNIT := $(BIN)/python -m pytest -n $(UNIT_WORKERS) --dist worksteal tests/unit
PYTEST_AS_ROOT := $(if $(SUDO),$(SUDO) env PYTHONDONTWRITEBYTECODE=1 $(PYTEST) -p no:cacheprovider,$(PYTEST))

# What the machine must have: to use Windlass takes less than to test it.
NEEDS := test
ifeq ($(MAKECMDGOALS),setup)
NEEDS := setup
endif
demo: NEEDS := demo

.PHONY: demo test setup packages lint types test-unit test-sandbox test-vps hosts bench torture picture

# DEMO=--keep leaves the server up.
demo: setup
	@$(BIN)/fab demo $(DEMO)

test: setup
	@$(MAKE) --no-print-directory -j 2 --output-sync=target hosts types lint
	$(PYTEST_UNIT)
ifeq ($(SUDO),)
	$(PYTEST) --ignore=tests/unit --ignore=$(LOADED)
	$(PYTEST) $(LOADED) -n 0
else
	$(PYTEST) --ignore=tests/unit --ignore=tests/vps
	$(PYTEST_AS_ROOT) tests/vps --ignore=$(LOADED)
	$(PYTEST_AS_ROOT) $(LOADED) -n 0
endif

setup: packages $(STAMP)

packages:
	@$(PYTHON) -m windlass.demo.packages $(NEEDS)

$(STAMP): requirements.lock
	@echo "installing what requirements.lock names into .venv"
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: setup
	$(BIN)/mypy $(addprefix -p ,$(TYPED)) -m tests.conftest -m docs.picture

test-unit: setup
	$(PYTEST_UNIT)

test-sandbox: setup
	$(PYTEST) tests/support tests/sandbox

test-vps: setup hosts
	$(PYTEST_AS_ROOT) tests/vps

# How fast it is, beside the runbook, on a server of its own; writes tests/bench/results.md. Quiet machines tell more.
bench: setup hosts
	$(SUDO) env PYTHONDONTWRITEBYTECODE=1 $(BIN)/python -m tests.bench $(BENCH)

# Strikes commands at random moments, on servers of its own: ROUNDS=200, HOSTS=1 or 3, SEED=7 for the same again,
# and with it ROUND=17 for one of them alone.
torture: setup hosts
	$(SUDO) env PYTHONDONTWRITEBYTECODE=1 $(BIN)/python -m tests.vps.torture $(TORTURE)

# The README's picture of a deploy.
picture: setup
	$(BIN)/python -m docs.picture

# What the test hosts start from. Built before the tests, so that no test's time-out counts it.
hosts: setup
	@$(SUDO) env PYTHONDONTWRITEBYTECODE=1 $(BIN)/python -m tests.vps.hosts.prepare
