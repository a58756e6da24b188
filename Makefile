# Everything a newcomer or CI runs; needs Python >= 3.11 and make, and installs the rest itself.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
SYNC := --quiet --locked --inexact --extra aws --extra azure --extra gcp --extra dev
SPEC := examples/vibration-watch
TOOLS := .tools/bin
PULUMI := github.com/pulumi/pulumi
GO_BUILD := CGO_ENABLED=0 nice go build -p 2

.DEFAULT_GOAL := help
.PHONY: help setup check test policy engine clients nightly golden schemas docs demo bench fuzz clean

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.ready ## install everything into .venv

.venv/.ready: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "HybridSpec needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(UV) || { echo "installing into .venv" && $(PYTHON) -m venv .venv && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'; }
	@# uv brings its own certificates; where those do not do, the system's may.
	@$(UV) sync $(SYNC) 2>.venv/uv.log || UV_SYSTEM_CERTS=1 $(UV) sync $(SYNC)
	@touch $@

check: setup ## format, lint, types, layers, freshness of generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m hybridspec.schemas schemas --check
	$(BIN)/python -m hybridspec.cli.codes_page docs/codes.md --check
	$(BIN)/python -m hybridspec.cli.spec_page docs/spec.md --check
	$(BIN)/python -m hybridspec.cli.modules_page ARCHITECTURE.md --check
	$(BIN)/python -m hybridspec.cli.wheel_lock targets/agent/wheels.json --check

test: setup ## all tests
	$(BIN)/pytest

policy: .tools/policy/.ready ## install pulumi-policy where the tests of policy packs find it

.tools/policy/.ready:
	@$(PYTHON) -m venv .tools/policy
	@.tools/policy/bin/python -m pip install --quiet --disable-pip-version-check 'pulumi-policy>=1.21,<2'
	@touch $@

engine: setup policy $(TOOLS)/pulumi $(TOOLS)/pulumi-language-python ## build the Pulumi CLI (needs Go >= 1.26) and run the real engine's tests
	$(BIN)/pytest tests/engine

$(TOOLS)/pulumi: tests/engine/go.mod tests/engine/go.sum
	@echo "building the Pulumi CLI into .tools; the first time takes minutes"
	@cd tests/engine && $(GO_BUILD) -o ../../$@ -ldflags "-s -w -X $(PULUMI)/sdk/v3/go/common/version.Version=$$(go list -m -f '{{.Version}}' $(PULUMI)/pkg/v3)" $(PULUMI)/pkg/v3/cmd/pulumi

$(TOOLS)/pulumi-language-python: $(wildcard tests/engine/language/*) tests/engine/go.mod
	@cd tests/engine && $(GO_BUILD) -o ../../$@ ./language
	@cp "$$(cd tests/engine && go list -m -f '{{.Dir}}' $(PULUMI)/sdk/v3)/python/cmd/pulumi-language-python-exec" $(TOOLS)/

clients: setup $(TOOLS)/tuf-client ## build a TUF client in Go (needs Go >= 1.25) and let it read the channel
	$(BIN)/pytest tests/conformance/test_foreign_client.py

$(TOOLS)/tuf-client: $(wildcard tests/conformance/go_client/*)
	@cd tests/conformance/go_client && $(GO_BUILD) -o ../../../$@ .

nightly: setup ## judge sovereignty and placement twice on 20,000 random instances each; write a kill table; draw new examples of every property; fail and kill the real engine at every creation, if `make engine` built it
	HYBRIDSPEC_NIGHTLY=1 $(BIN)/pytest tests/sovereignty tests/place -s -n 0 --kill-table kill-table.txt
	HYBRIDSPEC_NIGHTLY=1 $(BIN)/pytest tests/conformance/test_atomic.py -s -n 0
	HYBRIDSPEC_NIGHTLY=1 $(BIN)/pytest tests/diagnostics tests/property tests/unit
	@test -x $(TOOLS)/pulumi || echo "NOT RUN: tests/engine; make engine builds the Pulumi CLI"
	@test ! -x $(TOOLS)/pulumi || HYBRIDSPEC_NIGHTLY=1 $(BIN)/pytest tests/engine --dist load

golden: setup ## accept what the emitters make now; read the diff
	$(BIN)/pytest tests/golden tests/diagnostics tests/examples --update -n 0

schemas: setup ## write schemas/ from the models
	$(BIN)/python -m hybridspec.schemas schemas

docs: setup ## write docs/codes.md, docs/spec.md, the table in ARCHITECTURE.md and the wheels of devices
	$(BIN)/python -m hybridspec.cli.codes_page docs/codes.md
	$(BIN)/python -m hybridspec.cli.spec_page docs/spec.md
	$(BIN)/python -m hybridspec.cli.modules_page ARCHITECTURE.md
	$(BIN)/python -m hybridspec.cli.wheel_lock targets/agent/wheels.json

demo: setup ## one spec to a running, verified virtual fleet
	$(BIN)/hybridspec up $(SPEC)

bench: setup ## measure start-up, large specs, how findings place and repair faults, memory of models, placement against monoliths
	$(BIN)/python benchmarks/command_line.py
	$(BIN)/python benchmarks/fleet.py
	$(BIN)/python benchmarks/findings.py
	$(BIN)/python benchmarks/verdicts.py
	PYTHONPATH=tests $(BIN)/python benchmarks/emission.py
	PYTHONPATH=benchmarks $(BIN)/python -m memory
	$(BIN)/python benchmarks/bundle.py
	PYTHONPATH=benchmarks $(BIN)/python -m placement

fuzz: setup ## hostile specs for a minute, guided by coverage where atheris can be installed
	-@$(UV) sync $(SYNC) --extra fuzz
	PYTHONPATH=tests $(BIN)/python -m fuzz.large
	PYTHONPATH=tests $(BIN)/python tests/fuzz/fuzz_load.py -max_total_time=60 -max_len=65536

clean: ## stop the demo and remove what make made
	-test -x $(BIN)/hybridspec && $(BIN)/hybridspec destroy $(SPEC) 2>/dev/null
	rm -rf .venv build kill-table.txt $(SPEC)/build $(SPEC)/.hybridspec .mypy_cache .ruff_cache .pytest_cache .hypothesis
