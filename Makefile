# Thin on purpose: each target runs `python -m bench <verb>`; the variables reach it through the
# environment. Only setting up Python and running the checks live here.
.DEFAULT_GOAL := help
.PHONY: help up down status watch logs psql bench sweep saturate locust locust-ui stress locust-master locust-worker crosscheck ab explain compare history serve selftest doctor tune untune isolate unisolate report test check format clean

# `nix develop` names its own Python here; then nothing is downloaded or installed.
ONECORE_PYTHON ?= .venv/bin/python
# Libraries that wheels expect of the system (`nix develop .#uv` names them), for this Python alone.
PYTHON = $(if $(ONECORE_WHEEL_LIBRARIES),LD_LIBRARY_PATH=$(ONECORE_WHEEL_LIBRARIES)) $(ONECORE_PYTHON)
BENCH = $(PYTHON) -m bench

# Another Python's variables (PYTHONHOME, PYTHONPATH ...) would keep this one from starting.
unexport $(filter PYTHON%,$(.VARIABLES))

# `make -f` of another folder would make things there.
ifeq ($(wildcard bench/bootstrap.sh),)
$(error run it as: make -C $(dir $(lastword $(MAKEFILE_LIST))))
endif

ifeq ($(ONECORE_PYTHON),.venv/bin/python)
ready := .venv/.complete
# Made in this folder, of a Python that still starts; else it is made anew.
ifneq ($(shell { $(ONECORE_PYTHON) -I -S -c '' && cat $(ready); } 2>/dev/null),$(CURDIR))
.PHONY: $(ready)
endif
endif

# Each is checked on its own: their modules have the same names. What a framework leaves untyped is
# taken as it is (Django's stubs would need a plugin that sets Django up); our own code is typed.
untyped = --ignore-missing-imports --allow-subclassing-any --allow-untyped-calls \
	--allow-untyped-decorators --no-warn-return-any --no-warn-unused-ignores
frameworks = $(notdir $(patsubst %/,%,$(dir $(wildcard services/*/service.toml))))

.venv/.complete: uv.lock pyproject.toml .python-version bench/bootstrap.sh bench/uv.json
	@sh bench/bootstrap.sh

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(ready) ## Start the services and their databases (FRAMEWORK= MODE= BIND=)
	@$(BENCH) up

down: $(ready) ## Stop everything the lab has started
	@$(BENCH) down

status: $(ready) ## Show what runs: mode, state, address, core, memory (FRAMEWORK= MODE=)
	@$(BENCH) status

watch: $(ready) ## Show what each uses, again and again until Ctrl-C (FRAMEWORK= MODE=)
	@$(BENCH) watch

logs: $(ready) ## Show a framework's log and its database's (FRAMEWORK=)
	@$(BENCH) logs

psql: $(ready) ## Open psql on a framework's database (FRAMEWORK=)
	@$(BENCH) psql

bench: $(ready) ## Measure (FRAMEWORK= MODE= WORKLOAD= PROFILE= ROUNDS= CONCURRENCY= RATE= ARRIVALS= REQUESTS= SEED= RESUME=)
	@$(BENCH) bench

explain: $(ready) ## Show which layers a request's time goes to (FRAMEWORK= WORKLOAD= PROFILE= ROUNDS= RATE= CORE_HOUR=)
	@$(BENCH) explain

doctor: $(ready) ## Show whether this machine is fit to measure on
	@$(BENCH) doctor

tune: $(ready) ## As root: set what doctor names (governor, turbo, interrupts, watchdog)
	@$(BENCH) tune

untune: $(ready) ## As root: put back what tune has changed
	@$(BENCH) untune

isolate: $(ready) ## As root: move the rest of this machine off the lab's cores
	@$(BENCH) isolate

unisolate: $(ready) ## As root: give the rest of this machine its cores back
	@$(BENCH) unisolate

sweep: $(ready) ## Measure at 1 to 128 connections (FRAMEWORK= MODE= WORKLOAD= ROUNDS= PROFILE=)
	@$(BENCH) sweep

saturate: $(ready) ## Find the highest rate that holds a latency (FRAMEWORK= MODE= WORKLOAD= OBJECTIVE_MS=)
	@$(BENCH) saturate

locust: $(ready) ## Let users use each framework in turn (FRAMEWORK= MODE= USERS= SPAWN_RATE= RUN_TIME= WAIT= THROUGHPUT= SHAPE= WORKERS= ROUNDS= MAX_FAIL= TARGET_HOST=)
	@$(BENCH) locust

locust-ui: $(ready) ## Open Locust's own page, with all services up (FRAMEWORK= MODE= TARGET_HOST=)
	@$(BENCH) locust-ui

stress: $(ready) ## The same as locust with 200 users for 5 minutes
	@$(BENCH) stress

locust-master: $(ready) ## Like locust, with users from WORKERS other machines (BIND= WORKERS= TARGET_HOST=)
	@$(BENCH) locust-master

locust-worker: $(ready) ## Send what a master on another machine asks for (MASTER=)
	@$(BENCH) locust-worker

crosscheck: $(ready) ## Show whether the lab's generator and Locust agree (FRAMEWORK= MODE= RATE= ROUNDS=)
	@$(BENCH) crosscheck

ab: $(ready) ## Compare two states of a service in one run (BASE=<git ref> WITH= ENV= SERVE= THRESHOLD= FAIL_ON=, and bench's)
	@$(BENCH) ab

compare: $(ready) ## Compare two runs; exit 1 on a regression (BASE= HEAD= FRAMEWORK= MODE= WORKLOAD= THRESHOLD= FORCE=)
	@$(BENCH) compare

selftest: $(ready) ## Let the lab measure what is known, and find just that (FRAMEWORK=)
	@$(BENCH) selftest

report: $(ready) ## Render a run again, the latest without RUN= (FORMAT=html,md,csv,parquet,svg,png)
	@$(BENCH) report

history: $(ready) ## Show how each figure went through all comparable runs (RUN= FRAMEWORK= MODE=)
	@$(BENCH) history

serve: $(ready) ## Serve results/ with an index of runs, on this machine only (SERVE_PORT=8080)
	@$(BENCH) serve

test: $(ready) ## Run all tests, on real databases and servers
	@$(PYTHON) -m pytest

check: $(ready) ## Lint, formatting, types, layers and the flake
	@$(PYTHON) -m ruff check
	@$(PYTHON) -m ruff format --check
	@$(PYTHON) -m mypy
	@$(PYTHON) -m mypy systemd/await_ready.py nix/check/__main__.py
	@for service in $(frameworks); do \
		if [ -z "$$(find services/$$service -name '*.py' -print -quit)" ]; then \
			echo "services/$$service: there is no Python to check"; continue; fi; \
		MYPYPATH=services/$$service $(PYTHON) -m mypy $(untyped) \
			--explicit-package-bases --cache-dir .mypy_cache/$$service services/$$service || exit 1; done
	@$(dir $(ONECORE_PYTHON))lint-imports
	@$(PYTHON) nix/check

format: $(ready) ## Format the code
	@$(PYTHON) -m ruff format
	@$(PYTHON) -m ruff check --fix

clean: $(ready) ## Stop everything, remove databases, logs and passwords; results stay
	@$(BENCH) clean
