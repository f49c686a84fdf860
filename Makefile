# Everything here works on a machine with git, make and python3 (3.11 or later, with venv), and nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test check format bench lock clean slow wheel interop

demo: $(VENV)/.run
	@$(BIN)/parley demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 -m "not slow"

slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Other people's MLS, live: needs Node 20 and npm, so it is no part of `make test`.
interop: $(VENV)/.dev
	cd tests/interop && npm ci
	PARLEY_INTEROP=1 $(BIN)/python -m pytest tests/interop

# What ships is the wheel: install it where the checkout is not, and run the tests against it.
wheel: $(VENV)/.dev
	rm -rf build/wheel && mkdir -p build/wheel
	$(BIN)/python -m hatchling build -t wheel -d build/wheel
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --requirement requirements/dev.txt
	build/wheel/venv/bin/python -m pip --disable-pip-version-check --quiet install --no-deps build/wheel/*.whl
	cp -r tests docs pyproject.toml build/wheel/ && rm -rf build/wheel/tests/interop
	cd build/wheel && PARLEY_VECTORS="$${PARLEY_VECTORS:-$(CURDIR)/../shared/vectors}" \
	    venv/bin/python -P -m pytest -q -n 2 -m "not slow" tests/protocols tests/channel tests/server tests/client

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev
	@$(BIN)/python -m bench

lock: $(VENV)/.dev
	$(PIP) install uv
	$(BIN)/uv pip compile --universal --generate-hashes --no-header --quiet --group build \
	    --extra fast --python-version 3.11 pyproject.toml --output-file requirements/run.txt
	$(BIN)/uv pip compile --universal --generate-hashes --no-header --quiet --group build --group dev \
	    --extra fast --python-version 3.11 pyproject.toml --constraint requirements/run.txt --output-file requirements/dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Parley needs Python 3.11 or later; set PYTHON=/path/to/python3")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing the pinned dependencies into $(VENV) ..."
	$(PIP) install --require-hashes --requirement requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "installing the development dependencies into $(VENV) ..."
	$(PIP) install --require-hashes --requirement requirements/dev.txt
	@touch $@
