# `make run` and `make test` do all their own set-up; see README.md.
PYTHON ?= $(shell scripts/find-python)
VENV   ?= .venv
BIN     = $(VENV)/bin

.PHONY: help install run test check format web package bench fuzz soak clean

help:
	@echo "make run    the sample page, the console and both functions on this machine"
	@echo "make test   every test"
	@echo "make check  lint, format and types"
	@echo "make bench  what starts, requests and events cost; writes docs/performance.md's tables"
	@echo "make package  each function's folder for Function Compute, under build/"
	@echo "make fuzz   the fuzz targets guided by coverage, a minute each: ARGS='--seconds 600 origins'"
	@echo "make soak   many clients while everything fails at random: nothing may be lost; ARGS='--seed 7'"
	@echo "make clean  remove what the others made"

$(VENV)/.installed: requirements.txt requirements-dev.txt requirements-ops.txt requirements-runtime.txt
	@test -n "$(PYTHON)" || { echo "Python 3.10 or later is needed: install it, or say where it is: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

install: $(VENV)/.installed web

# The sample page. Without Node.js the rest works all the same, and a line says what is missing.
web:
	@scripts/build-web

run: install
	@exec $(BIN)/python -m local

test: install
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# s.yaml calls this before each deploy: make package FUNCTION=track RUNTIME=python3.12
package: $(VENV)/.installed
	$(BIN)/python -m ops package $(if $(RUNTIME),--runtime $(RUNTIME)) $(FUNCTION)

bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks $(ARGS)

fuzz: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/fuzz/requirements.txt
	$(BIN)/python -m tests.fuzz $(ARGS)

soak: $(VENV)/.installed
	$(BIN)/python -m tests.soak $(ARGS)

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv* build web/node_modules web/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
