# Every target does its own setup; see README.md.
PYTHON ?= $(shell sh ops/find-python)
VENV   ?= .venv
BIN     = $(VENV)/bin
# Only packages in requirements/*.lock are installed, checked by hash.
PIP     = $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
SOURCES = --no-build-isolation --use-pep517
# `.ci/run`, which fills several environments, gives a uv: a third of pip's CPU time, and each package once.
ifdef UV
PIP     = $(UV) pip install --quiet --no-config --python $(BIN)/python --compile-bytecode --require-hashes
SOURCES = --no-build-isolation
endif
# More jobs than cores, because most tests wait rather than compute.
JOBS   ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) * 2 )))

# A thousand processes of the tests would compile the same modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install run test check format web package screenshots bench fuzz soak lock rehearse cloud clean

help:
	@echo "make run    start the sample page, the console and the functions on this machine"
	@echo "make test   run all tests in parallel: JOBS=1 to run one at a time, ARGS='tests/track'"
	@echo "make check  check lint, format and types"
	@echo "make install  install the packages that python -m ops needs"
	@echo "make screenshots  take the screenshots in docs/images with Chromium"
	@echo "make bench  measure starts, requests and cost; writes the tables of docs/performance.md"
	@echo "make package  build each function's package for Function Compute under build/"
	@echo "make rehearse  run the commands of docs/deploy.md against a local stand-in of the cloud"
	@echo "make cloud  start an empty local stand-in of the cloud, to experiment with"
	@echo "make fuzz   run the coverage-guided fuzz targets, a minute each: ARGS='--seconds 600 origins'"
	@echo "make soak   check that no log is lost under load and random failures: ARGS='--seed 7'"
	@echo "            ARGS=--outage: SLS is away, then replay empties the spool (docs/outage.md)"
	@echo "            ARGS=\"--outage --away 'hangs'\": how it is away: 'refuses', 'hangs' or 'stores and hangs'"
	@echo "            ARGS=--slow: SLS only answers late; counts the logs that are stored twice"
	@echo "make lock   regenerate all lock files; ARGS=--upgrade upgrades packages that are not pinned"
	@echo "make clean  remove all generated files"

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.10 or later is required: install it, or set its path: make PYTHON=/path/to/python3"; exit 1; }
	@echo "make: creating a virtual environment in $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.lock | $(BIN)/python
	@echo "make: installing requirements/run.lock into $(VENV)"
	@$(PIP) --only-binary :all: --no-compile -r requirements/run.lock
	@touch $@

# Some of Alibaba Cloud's packages have no wheels. With --no-build-isolation pip builds them with the locked
# build tools instead of the newest ones.
$(VENV)/.build: requirements/build.lock | $(BIN)/python
	@$(PIP) --only-binary :all: -r requirements/build.lock
	@touch $@

$(VENV)/.ops: requirements/ops.lock $(VENV)/.build
	@echo "make: installing requirements/ops.lock into $(VENV)"
	@$(PIP) $(SOURCES) -r requirements/ops.lock
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.build
	@echo "make: installing requirements/dev.lock into $(VENV)"
	@$(PIP) $(SOURCES) -r requirements/dev.lock
	@touch $@

install: $(VENV)/.run $(VENV)/.ops

# The sample page. Without Node.js everything else still works, and a line says what is missing.
web:
	@sh web/build.sh

# In parallel: one waits for PyPI, the other for npm's registry.
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
# If RATE_LIMIT_STORE is set, the package includes redis-py.
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

# Function Compute and `make run` use only wheels; the packages (ops/package) have the versions of run.lock.
# Unpinned packages keep the version of an existing lock file, unless ARGS=--upgrade.
COMPILE      = $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.10 --generate-hashes \
               --custom-compile-command "make lock" $(ARGS)
ONLY_WHEELS    = --only-binary :all:
PACKAGE_LOCKS = $(patsubst %.txt,%.lock,$(wildcard ops/package/*.txt))
NPM_LOCKS     = web/package-lock.json ops/serverless-devs/package-lock.json tests/node/package-lock.json

lock: $(BIN)/python
	@$(PIP) --only-binary :all: -r requirements/lock.lock
	$(COMPILE) $(ONLY_WHEELS) requirements/lock.txt -o requirements/lock.lock
	$(COMPILE) $(ONLY_WHEELS) requirements/build.txt -o requirements/build.lock
	$(COMPILE) $(ONLY_WHEELS) requirements/run.txt -o requirements/run.lock
	$(COMPILE) -c requirements/run.lock requirements/dev.txt -o requirements/dev.lock
	$(COMPILE) -c requirements/dev.lock requirements/ops.txt -o requirements/ops.lock
	$(COMPILE) $(ONLY_WHEELS) requirements/fuzz.txt -o requirements/fuzz.lock
	$(COMPILE) requirements/sample.txt -o requirements/sample.lock
	@for lock in $(PACKAGE_LOCKS); do \
	    echo $$lock; rm -f $$lock; \
	    $(COMPILE) $(ONLY_WHEELS) --no-deps -c requirements/run.lock $${lock%.lock}.txt -o $$lock || exit 1; \
	done
	@command -v npm >/dev/null 2>&1 || { echo "left out: $(NPM_LOCKS), because npm is not here (install Node.js 20 or later)"; exit 0; }; \
	for lock in $(NPM_LOCKS); do \
	    echo $$lock; \
	    npm install --package-lock-only --no-audit --no-fund --prefix $$(dirname $$lock) || exit 1; \
	done

# The local cloud: run docs/deploy.md against it, or leave it running to experiment.
rehearse: install $(VENV)/.dev web
	@exec $(BIN)/python -m local.rehearsal $(ARGS)

cloud: $(VENV)/.run
	@exec $(BIN)/python -m local.cloud

clean:
	rm -rf .venv* build web/node_modules web/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
