# Each target is safe to repeat and quick the second time.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: install run test check bench eval smoke clean

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make install PYTHON=python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing. The first time this downloads about 600 MB (most of it torch and a language model); later it takes seconds."
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test,evals]'
	@touch $@

run: install
	$(BIN)/assistant ui

test: install tests/node_modules
	@$(BIN)/python tests/browser.py
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

# axe-core, which the accessibility tests put into the browser.
tests/node_modules: tests/package-lock.json
	@command -v npm >/dev/null || { echo "The accessibility tests need npm. Run: sudo apt-get install --yes npm"; exit 1; }
	npm ci --prefix tests --no-audit --no-fund --silent
	@touch $@

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/assistant check

bench: install
	$(BIN)/python -m evals.bench

eval: install
	$(BIN)/python -m evals

smoke: install
	$(BIN)/python -m evals run --smoke

clean:
	rm -rf .venv build dist *.egg-info
