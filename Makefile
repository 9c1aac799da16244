# Harbour. `make` alone prints this help.
.DEFAULT_GOAL := help
.PHONY: help run demo test check bench controls assure docs sbom clean

PYTHON ?= python3.11
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready-$(shell cat requirements-dev.txt | cksum | cut -d' ' -f1)
WORKERS ?= 2

help: ## Print what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

run: $(READY) ## Start Harbour: web server and scheduler on http://127.0.0.1:8000 (or PORT=...)
	@$(RUN) -m api.serve

demo: $(READY) ## Tell the story of one night over HTTP against the running service
	@$(RUN) -m api.demo.story

test: $(READY) ## Run every test: SQLite always, PostgreSQL when one answers at TEST_DATABASE_URL
	@$(RUN) -m pytest -q -n $(WORKERS) --dist loadgroup

check: $(READY) ## Style, types, import contracts, drift of the written documents
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	@$(RUN) -m tests.support.openapi_drift
	@$(RUN) -m tests.support.retention_page

bench: $(READY) ## Measure the search above the floor, at three sizes, in one run
	@$(RUN) -m bench

controls: $(READY) ## Take out each safeguarding control in a copy of the code and see its tests go red (an hour)
	@$(RUN) -m tests.controls --workers $(WORKERS)

assure: $(READY) ## The long forms of every test (hours)
	ASSURE=1 $(RUN) -m pytest -q -n $(WORKERS) --dist loadgroup
	@$(RUN) -m tests.controls --workers $(WORKERS)

docs: $(READY) ## Write docs/openapi.json and the generated pages anew
	@$(RUN) -m tests.support.openapi_drift --write
	@$(RUN) -m tests.support.retention_page --write

sbom: $(READY) ## Write the software bill of materials to sbom.cdx.json
	@$(VENV)/bin/cyclonedx-py requirements --output-reproducible --pyproject pyproject.toml -o sbom.cdx.json requirements.txt

clean: ## Remove the virtual environment and caches; instance/ (data and keys) stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# The environment is made anew when the locked requirements change; half of one is never mistaken for a whole.
$(READY):
	@command -v $(PYTHON) >/dev/null || { echo "Harbour needs Python 3.11 as '$(PYTHON)'. Set PYTHON=/path/to/python3.11."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "'$(PYTHON)' is not Python 3.11. Set PYTHON=/path/to/python3.11."; exit 1; }
	@echo "Making the virtual environment (once; about a minute)"
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements-dev.txt
	@rm -f $(VENV)/.ready-*
	@touch $@
