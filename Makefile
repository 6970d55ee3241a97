# Two commands do everything: make demo, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint bench clean

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	$(BIN)/python -m workers.simulators.prepare
	touch $@

demo: $(VENV)/installed
	rm -rf demo
	mkdir demo
	cd demo && ../$(BIN)/python ../notebooks/quickstart.py
	@echo "The results are in demo/rates.zarr, and a picture of rate against input in demo/rates.png."

test: $(VENV)/installed
	$(BIN)/pytest

lint: $(VENV)/installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/installed
	$(BIN)/python -m bench

clean:
	rm -rf $(VENV) demo
