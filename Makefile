# Every target does its own set-up; see README.md.
PYTHON ?= $(shell sh ops/find-python)
VENV   ?= .venv
BIN     = $(VENV)/bin
# Nothing is installed that requirements/*.lock does not name with its hash.
PIP     = $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
# What one has to wait for most of the time is something else than a core.
JOBS   ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) * 2 )))

.PHONY: help install run test check format web package screenshots bench fuzz soak lock rehearse cloud clean

help:
	@echo "make run    the sample page, the console and the functions on this machine"
	@echo "make test   every test, several at once: JOBS=1 for one after the other, ARGS='tests/track'"
	@echo "make check  lint, format and types"
	@echo "make install  what python -m ops needs: package, provision, verify"
	@echo "make screenshots  the pictures in docs/images, taken with Chromium"
	@echo "make bench  what starts, requests and events cost; writes docs/performance.md's tables"
	@echo "make package  each function's folder for Function Compute, under build/"
	@echo "make rehearse  docs/deploy.md, command by command, against a local stand-in of the cloud"
	@echo "make cloud  such a cloud, empty, left running for one's own trying"
	@echo "make fuzz   the fuzz targets guided by coverage, a minute each: ARGS='--seconds 600 origins'"
	@echo "make soak   many clients while everything fails at random: nothing may be lost; ARGS='--seed 7'"
	@echo "make lock   every lock file anew from requirements*; ARGS=--upgrade moves what is not pinned"
	@echo "make clean  remove what the others made"

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.10 or later is needed: install it, or say where it is: make PYTHON=/path/to/python3"; exit 1; }
	@echo "make: a virtual environment in $(VENV), of $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.lock | $(BIN)/python
	@echo "make: the packages of requirements/run.lock, into $(VENV)"
	@$(PIP) --only-binary :all: --no-compile -r requirements/run.lock
	@touch $@

# Some of Alibaba Cloud's packages are published as source only. Without --no-build-isolation pip would fetch
# what builds them by itself, whatever it is that day.
$(VENV)/.build: requirements/build.lock | $(BIN)/python
	@$(PIP) --only-binary :all: -r requirements/build.lock
	@touch $@

$(VENV)/.ops: requirements/ops.lock $(VENV)/.build
	@echo "make: the packages of requirements/ops.lock, into $(VENV)"
	@$(PIP) --no-build-isolation --use-pep517 -r requirements/ops.lock
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.build
	@echo "make: the packages of requirements/dev.lock, into $(VENV)"
	@$(PIP) --no-build-isolation --use-pep517 -r requirements/dev.lock
	@touch $@

install: $(VENV)/.run $(VENV)/.ops

# The sample page. Without Node.js the rest works all the same, and a line says what is missing.
web:
	@sh web/build.sh

# Both at once: one waits for PyPI while the other waits for npm's registry.
run:
	@$(MAKE) --no-print-directory -j2 $(VENV)/.run web
	@echo "make: starting"
	@exec $(BIN)/python -m local

test: $(VENV)/.dev web
	$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# s.yaml calls this before each deploy: make package FUNCTION=track RUNTIME=python3.12
# With RATE_LIMIT_STORE in the environment, redis-py comes along.
package: | $(BIN)/python
	$(BIN)/python -m ops package $(if $(RUNTIME),--runtime $(RUNTIME)) $(if $(RATE_LIMIT_STORE),--rate-limit-store) $(FUNCTION)

screenshots: $(VENV)/.dev web
	$(BIN)/python -m tests.browser.screenshots

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ARGS)

fuzz: $(VENV)/.dev
	@$(PIP) --only-binary :all: -r requirements/fuzz.lock
	$(BIN)/python -m tests.fuzz $(ARGS)

soak: $(VENV)/.dev
	$(BIN)/python -m tests.soak $(ARGS)

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Wheels only for what runs on Function Compute and for `make run`; the versions of the packages (ops/package)
# are those of run.lock. A lock file that is there decides what is not pinned, unless ARGS=--upgrade.
COMPILE      = $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.10 --generate-hashes \
               --custom-compile-command "make lock" $(ARGS)
OF_WHEELS    = --only-binary :all:
PACKAGE_LOCKS = $(patsubst %.txt,%.lock,$(wildcard ops/package/*.txt))
NPM_LOCKS     = web/package-lock.json ops/serverless-devs/package-lock.json tests/node/package-lock.json

lock: $(BIN)/python
	@$(PIP) --only-binary :all: -r requirements/lock.lock
	$(COMPILE) $(OF_WHEELS) requirements/lock.txt -o requirements/lock.lock
	$(COMPILE) $(OF_WHEELS) requirements/build.txt -o requirements/build.lock
	$(COMPILE) $(OF_WHEELS) requirements/run.txt -o requirements/run.lock
	$(COMPILE) -c requirements/run.lock requirements/dev.txt -o requirements/dev.lock
	$(COMPILE) -c requirements/dev.lock requirements/ops.txt -o requirements/ops.lock
	$(COMPILE) $(OF_WHEELS) requirements/fuzz.txt -o requirements/fuzz.lock
	$(COMPILE) requirements/sample.txt -o requirements/sample.lock
	@for lock in $(PACKAGE_LOCKS); do \
	    echo $$lock; rm -f $$lock; \
	    $(COMPILE) $(OF_WHEELS) --no-deps -c requirements/run.lock $${lock%.lock}.txt -o $$lock || exit 1; \
	done
	@command -v npm >/dev/null 2>&1 || { echo "left out: $(NPM_LOCKS), because npm is not here (install Node.js 20 or later)"; exit 0; }; \
	for lock in $(NPM_LOCKS); do \
	    echo $$lock; \
	    npm install --package-lock-only --no-audit --no-fund --prefix $$(dirname $$lock) || exit 1; \
	done

# The laptop's cloud: docs/deploy.md carried out against it, or left running for one's own trying.
rehearse: install $(VENV)/.dev web
	@exec $(BIN)/python -m local.rehearsal $(ARGS)

cloud: $(VENV)/.run
	@exec $(BIN)/python -m local.cloud

clean:
	rm -rf .venv* build web/node_modules web/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
