# Every target runs from one virtual environment, .venv, made on first use and refreshed with pyproject.toml.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup lab test system lint types unit js notebooks-test bench

export PIP_DISABLE_PIP_VERSION_CHECK := 1

python := .venv/bin/python
heading = @printf '\n== %s\n' '$(1)'

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s%s\n", $$1, $$2 }' Makefile

setup: .venv/installed-dev ## Make the developers' environment and install the pre-commit hooks
	@$(python) -m pre_commit install

lab: .venv/installed-lab ## Open JupyterLab on notebooks/ (without a screen: ARGS=--no-browser)
	@$(python) -m deepsched lab $(ARGS)

test: system lint types unit js notebooks-test ## Run every check below, in this order

system: ## Bring the programs that the tests need beyond Python, or say which are missing
	@tools/require.sh chromium:chromium lstopo:hwloc node:nodejs numactl:numactl taskset:util-linux

lint: .venv/installed-test ## Check the rules and the format of the code (ruff)
	$(call heading,ruff check)
	@$(python) -m ruff check
	$(call heading,ruff format --check)
	@$(python) -m ruff format --check

types: .venv/installed-test ## Check the types (mypy --strict)
	$(call heading,mypy)
	@$(python) -m mypy

# Two at a time, by files: much of what they do is to wait for clocks and pages. One at a time: ARGS="-n 0".
unit: .venv/installed-test ## Run the Python tests, the browser's too (choose some: ARGS="-k plan")
	$(call heading,pytest)
	@$(python) -m pytest --numprocesses 2 --dist loadfile $(ARGS)

js: ## Run the JavaScript tests (node --test)
	$(call heading,node --test)
	@node --test --test-reporter=spec widgets/tests/*.test.*js

notebooks-test: .venv/installed-test ## Run the notebooks and compare their outputs (nbval)
	$(call heading,nbval)
	@$(python) -m pytest -p no:python --nbval --nbval-current-env --nbval-cell-timeout=120 \
		--nbval-sanitize-with=notebooks/sanitize.cfg notebooks/

bench: .venv/installed-bench ## Compare with onnxruntime and OpenVINO on this machine (some minutes; ARGS=--quick)
	@$(python) -m benchmarks $(ARGS)

.venv/installed-%: pyproject.toml | $(python)
	$(call heading,pip install .[$*])
	@$(python) -m pip install --quiet --editable '.[$*]'
	@touch $@

$(python):
	@tools/make_venv.sh
