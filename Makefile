# Each target sets up what it needs on a fresh machine: Python 3.11 or later, git and make are enough.
PYTHON ?= python3
VENV := .venv/bin/python

.PHONY: run test check bench bench-calls clean

run:
	@$(PYTHON) build/bootstrap.py
	@$(VENV) -m server serve $(ARGS)

test:
	@$(PYTHON) build/bootstrap.py --test
	@$(VENV) -m tests.needs --install
	@PYTHONPATH=. $(VENV) build/run_tests.py $(ARGS)

check:
	@$(PYTHON) build/bootstrap.py --test
	@$(VENV) build/check.py

bench:
	@$(PYTHON) build/bootstrap.py --test
	@$(VENV) -m bench $(ARGS)

bench-calls:
	@$(PYTHON) build/bootstrap.py --test
	@$(VENV) -m bench.calls $(ARGS)

clean:
	rm -rf .venv node_modules static/dist .scratch .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
