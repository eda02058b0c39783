# `make run` plans the included data, `make test` proves that it works; both set up what they need.
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(if $(shell $(p) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null),$(p))))
VENV := .venv
PY := $(VENV)/bin/python
CONFIG ?= conf/base.yaml
ARGS ?=
PIP := $(PY) -m pip --disable-pip-version-check --quiet install --require-hashes --no-deps
# Two processes, a file of tests at a time: each has its own Spark, and files share what is dear to make.
PYTEST := $(PY) -m pytest -q -n 2 --dist loadscope
# What numba compiles is seen by no tracer, so these run once more with it as Python (tests/support/interpreted.py).
KERNELS := tests/core/inventory/kernels
INTERPRETED := $(KERNELS)/test_kernel_oracle.py $(KERNELS)/test_network_kernel.py::test_kernel_equals_event_loop \
  $(KERNELS)/test_drawn_demand.py::test_mean_and_variance_of_what_is_drawn \
  tests/core/forecast/distributions tests/core/forecast/evaluation/test_distribution_scores.py \
  $(addprefix tests/core/forecast/models/test_more_candidates.py::test_,tsb_by_hand tsb_dies_out_with_demand aggregation_is_that_of_the_slow_one) \
  $(addprefix tests/core/forecast/models/test_statistical_candidates.py::test_sba_,by_hand of_no_demand_is_zero)

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-fast test-one nightly coverage lint format bench bench-accuracy bench-plan bench-promises bench-stockpyl docs data-docs vacuum lock site package clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(VENV)/.installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or name one with make PYTHON=/path/to/python3"; exit 2; }
	@echo "Setting up $(VENV) with $(PYTHON) (once; about a minute)"
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) can't make virtual environments: install its venv package (Debian: python3-venv)"; exit 2; }
	@$(PIP) -r requirements.lock
	@$(PY) -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation --editable .
	@$(PY) -m echelon.engine.warm
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Adding the test tools (once)"
	@$(PIP) -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.installed  ## make .venv from requirements.lock and fetch Delta's jars
setup-dev: $(VENV)/.installed-dev

run: setup  ## plan the included data: tables in out/tables, report in out/report/index.html
	@$(PY) jobs/plan.py --config $(CONFIG) $(ARGS)

test: setup-dev lint coverage  ## fast tests first, then real data, killed runs, a full disk and a real cluster that loses a worker
	@$(PYTEST) -m "not slow" --ignore tests/core $(ARGS)
	@$(PYTEST) -m slow $(ARGS)

test-fast: setup-dev  ## the tests of the mathematics and of single parts
	@$(PYTEST) -m "not slow" $(ARGS)

test-one: setup-dev  ## one file or one test: make test-one T=tests/core/demand/test_spikes.py
	@test -n "$(T)" || { echo "Say which: make test-one T=tests/core/demand/test_spikes.py, or T=FILE::NAME"; exit 2; }
	@$(PY) -m pytest -q $(T) $(ARGS)

nightly: setup-dev  ## simulation and promises against the event loop for the long run, many networks and periods (an hour or so); not in the gate
	@NIGHTLY=1 $(PYTEST) tests/core/inventory/test_long_run.py tests/core/inventory/test_promises.py $(ARGS)

coverage: setup-dev  ## tests of the mathematics, and which lines and branches of lib/echelon/core they reach (97 % at least)
	@$(PYTEST) tests/core --cov --cov-report= --cov-fail-under 0
	@MOST_EXAMPLES=8 PYTHONPATH=tests $(PY) -m pytest -q -n 2 -p support.interpreted $(INTERPRETED) --cov --cov-append --cov-report= --cov-fail-under 0
	@$(PY) -m coverage report

lint: setup-dev  ## ruff and mypy
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy

format: setup-dev  ## ruff mends and formats the code
	@$(VENV)/bin/ruff check --fix --exit-zero --quiet .
	@$(VENV)/bin/ruff format .

bench: setup-dev  ## measured figures as ratios: stages, series and networks per second, share of the checks
	@$(PY) -m benchmarks
	@$(PY) -m benchmarks.forecast_speed

bench-accuracy: setup-dev  ## forecasts of real sets of ../shared/data through the stages, scored (hours for all): ARGS="m5 --series 200"
	@$(PY) -m benchmarks.accuracy $(ARGS)

bench-plan: setup-dev  ## what the plan of a 40-node SKU costs by phase, and its gap to the best (two minutes)
	@$(PY) -m benchmarks.network_plan $(ARGS)

bench-promises: setup-dev  ## what plans promise against the long run (five minutes): ARGS="--release out --frequency D --unmet lost"
	@$(PY) -m benchmarks.promises $(ARGS)

bench-stockpyl: setup-dev  ## the kernel against stockpyl, which must be installed elsewhere: ARGS="--python PATH"
	@$(PY) -m benchmarks.stockpyl_ratio $(ARGS)

docs: setup  ## docs/tables.md and the contract's part of expectations/ from the table contracts, docs/settings.md, the table of docs/candidates.md
	@$(PY) -m echelon.lake.document
	@$(PY) -m echelon.config.document docs

site: setup-dev  ## the documentation as a site, strictly (no broken link): site/index.html; to search it: python3 -m http.server -d site
	@$(PY) -m mkdocs build --strict

data-docs: setup  ## Great Expectations' pages for the newest release, in out/data-docs/index.html (styled over the network)
	@$(PY) -m echelon data-docs --config $(CONFIG) $(ARGS)

vacuum: setup  ## remove files of table versions that are past their retention
	@$(PY) -m echelon vacuum --config $(CONFIG) $(ARGS)

lock: setup-dev  ## resolve the dependencies anew
	@$(VENV)/bin/uv pip compile -q pyproject.toml --extra build --extra java --universal --python-version 3.11 --generate-hashes --no-emit-find-links --upgrade -o requirements.lock
	@$(VENV)/bin/uv pip compile -q pyproject.toml --extra build --extra java --extra dev --extra site -c requirements.lock --universal --python-version 3.11 --generate-hashes --no-emit-find-links --upgrade -o requirements-dev.lock

package: setup  ## dist/echelon.zip for spark-submit --py-files
	@$(PY) deploy/package.py

clean:  ## remove what can be made again
	@rm -rf $(VENV) .cache out dist build site
