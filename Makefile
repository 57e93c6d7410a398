# pvdctl: `make demo` and `make test` each set up all they need, in .venv.
BIN := .venv/bin
READY := .venv/.ready

# .ready is written last and holds the place: a half-made, moved or orphaned .venv is made anew.
ifneq ($(shell $(BIN)/python -c '' 2>/dev/null && cat $(READY) 2>/dev/null),$(CURDIR))
$(READY): anew
endif

.PHONY: demo test lint bench soak setup lock clean anew

demo: $(READY)
	@$(BIN)/pvdctl simulate recipes/lzln.yaml --chamber simulators/provap.yaml --record records

test: lint
	@$(BIN)/python -m pytest -n auto --dist loadfile

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: $(READY)
	@$(BIN)/python -m tests.benchmarks

soak: $(READY)
	@$(BIN)/python -m pytest -m soak --timeout 7200

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@echo "setting up .venv (once) ..." >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	  --config-settings editable_mode=compat --editable .
	@echo "$(CURDIR)" > $@

# A fresh .venv from the first Python that will do; PYTHON=... names one.
anew:
	@for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && found=$$python && break; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "pvdctl needs Python 3.11 or newer, and $(or $(PYTHON),python3) is not that." \
	    "Name one that is: make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; exit 1; \
	fi; \
	if ! $$found -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "$$found cannot make virtual environments: its venv and ensurepip modules are missing." \
	    "On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; \
	fi; \
	$$found -m venv --clear .venv

# Resolve anew and pin what came out; the file names no index, so it holds behind any mirror.
lock: anew
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'setuptools>=77' --editable '.[dev]'
	@{ echo "# Every package of the environment, pinned. Written by 'make lock'; installed by 'make setup'."; \
	   $(BIN)/python -m pip freeze --all --exclude-editable | grep -v '^pip=='; } > requirements.lock

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
