# One environment per tool: sam-cli, MiniStack, checkov and the SageMaker SDK each pin another boto3 exactly.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAM := .tools/sam/bin
CHECKOV := .tools/checkov/bin
SDK := .tools/build/bin
UV := .tools/locks/bin
NODE := web/node_modules
STATIC := functions/web_api/static
STACK ?= workshop
# The tests under which coverage is measured (pyproject.toml); under all of them it would cost minutes.
MEASURED := tests/unit tests/operations
CODE := functions layers operations local_aws pipeline_builder containers stylegan2-ada-pytorch tests benchmarks
TYPED := layers/workshop/contract layers/workshop/workshop functions operations local_aws pipeline_builder containers stylegan2-ada-pytorch
# By the hashes of the locks, and nothing that is not in them.
INSTALL := -m pip install --quiet --disable-pip-version-check --require-hashes --requirement
# One lock serves every Python from 3.11 on and every system.
LOCK = $(UV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --custom-compile-command "make locks" $(UPGRADE)
AS_TESTED := --constraint requirements/test.lock
# torch and what its build for CUDA brings; the rest of what it needs is locked.
CUDA := torch|triton|(nvidia|cuda)-[a-z0-9-]+
WITHOUT_TORCH = $(addprefix --no-emit-package ,$(shell $(LOCK) requirements/torch.txt | grep -oE '^($(CUDA))'))

export SAM_CLI_TELEMETRY := 0
# What people type reaches the programs as it is, whatever signs are in it.
override export IMAGES := $(value IMAGES)
override export PARAMETERS := $(value PARAMETERS)
override export PARAMETERS_FILE := $(value PARAMETERS_FILE)
override export CERTIFICATES := $(value CERTIFICATES)

# Only the tests have a region of ours. A deployment goes where its user's configuration says.
test-%: export AWS_DEFAULT_REGION := eu-central-1
definition: export AWS_DEFAULT_REGION := eu-central-1
# (sam does not know AWS_REGION.)
ifdef AWS_REGION
deploy: export AWS_DEFAULT_REGION := $(AWS_REGION)
endif

.PHONY: help demo test setup setup-tools format lint types test-unit test-pipeline test-template test-web test-e2e test-browser web locks notices definition base-network deploy clean

help: ## say what there is
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

demo: $(VENV)/run.done ## the whole way on this machine: images, training, mails, a page (IMAGES=folder for your own)
	@$(BIN)/python -m local_aws demo $${IMAGES:+--images "$$IMAGES"}

test: lint types test-template test-pipeline test-web test-unit test-e2e ## everything but the browser; CI runs test-browser besides

# ------------------------------------------------------------------------------------------------------ environments

setup: $(VENV)/run.done ## install what runs: embedded AWS, layer, model

setup-tools: $(VENV)/test.done $(SAM)/done $(CHECKOV)/done $(SDK)/done $(NODE)/done ## install everything the tests need

$(VENV)/run.done: requirements/run.lock requirements/torch.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(INSTALL) requirements/pip.lock
	$(BIN)/python $(INSTALL) $<
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements/torch.txt
	@touch $@

$(VENV)/test.done: requirements/test.lock $(VENV)/run.done
	$(BIN)/python $(INSTALL) $<
	@touch $@

$(SAM)/done: requirements/sam.lock
$(CHECKOV)/done: requirements/checkov.lock
$(SDK)/done: requirements/build.lock
$(UV)/done: requirements/locks.lock
.tools/%/bin/done: requirements/%.lock
	$(PYTHON) -m venv .tools/$*
	.tools/$*/bin/python $(INSTALL) requirements/pip.lock
	.tools/$*/bin/python $(INSTALL) $<
	@touch $@

$(NODE)/done: web/package-lock.json
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null || { \
	  echo "Node 20.19 or newer is needed to test or change the web app (to use it is not: what is built is committed)."; exit 1; }
	cd web && npm ci --ignore-scripts
	@touch $@

# ------------------------------------------------------------------------------------------------------------ checks

format: $(VENV)/test.done ## rewrite the code in the house's format
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

lint: $(VENV)/test.done ## format and lint, nothing rewritten
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)

types: $(VENV)/test.done ## mypy, strict
	$(BIN)/mypy $(TYPED)

test-template: $(VENV)/test.done $(SAM)/done $(CHECKOV)/done ## semantics, lint of the template and of its translation, security, own rules
	$(SAM)/sam validate --template template.yaml
	$(SAM)/cfn-lint template.yaml
	$(BIN)/python -m local_aws.package build/translated.json
	$(SAM)/cfn-lint build/translated.json
	$(CHECKOV)/checkov --file build/translated.json --config-file .checkov.yaml
	$(BIN)/pytest -q tests/template

test-pipeline: $(SDK)/done ## the builder makes exactly the definition that is kept
	$(SDK)/python -m pytest -q tests/pipeline_sdk

test-web: $(NODE)/done ## the web app: types, words, units; and its build makes exactly what is committed
	cd web && npm run --silent check && npm test --silent
	cd web && npm run --silent build -- --logLevel warn --outDir ../build/web
	@diff -r build/web $(STATIC) || { echo "This is not what web/ builds: run make web, and commit $(STATIC)."; exit 1; }

test-unit: $(VENV)/test.done ## unit, contract and integration tests, 10,000 random worlds among them
# One thread of torch for each process: more would wait for each other.
	OMP_NUM_THREADS=1 $(BIN)/pytest -q --numprocesses auto $(MEASURED) --cov
	OMP_NUM_THREADS=1 $(BIN)/pytest -q --numprocesses auto -m "not e2e and not browser" \
	  $(addprefix --ignore ,$(MEASURED) tests/pipeline_sdk tests/template)

test-browser: $(VENV)/test.done $(NODE)/done ## the web app in Chromium: a visitor's whole way on the embedded AWS, every screen
# As root, on Debian and its like, what is missing is installed; elsewhere a sentence says what it is.
	@$(BIN)/python -m tests.browser.programs || { [ "$$(id -u)" = 0 ] && command -v apt-get && apt-get update -qq \
	  && apt-get install -y -qq chromium chromium-driver && $(BIN)/python -m tests.browser.programs; }
# Each file has a workshop of its own.
	$(BIN)/pytest -q --numprocesses auto --dist loadfile --no-loadscope-reorder tests/browser

test-e2e: $(VENV)/test.done ## the whole way on the embedded AWS, tiny preset
# Each file has a workshop of its own.
	$(BIN)/pytest -q --numprocesses auto --dist loadfile --no-loadscope-reorder -m e2e tests/e2e

# ------------------------------------------------------------------------------------------------------------- making

web: $(NODE)/done ## build the web app anew
	cd web && npm run --silent build -- --logLevel warn

notices: $(VENV)/run.done ## print every mail with sample data, in every language, and write them with HTML into build/notices; sends nothing
	@PYTHONPATH=layers/workshop $(BIN)/python -m tests.unit.notices.notice_samples
	@PYTHONPATH=layers/workshop $(BIN)/python -m tests.unit.notices.html_samples

locks: $(UV)/done ## lock again what requirements and images ask for; UPGRADE=--upgrade takes the newest of what they leave open
# First the tests', which ask for most: what runs, the layer and the images have the versions that were tested.
	$(LOCK) requirements/test.txt --output-file requirements/test.lock $(WITHOUT_TORCH)
	$(LOCK) requirements/run.txt --output-file requirements/run.lock $(AS_TESTED) $(WITHOUT_TORCH)
	$(LOCK) requirements/bench.txt --output-file requirements/bench.lock $(AS_TESTED) $(WITHOUT_TORCH)
	$(LOCK) layers/workshop/requirements.txt --output-file layers/workshop/requirements.lock $(AS_TESTED)
	for image in prepare train infer; do $(LOCK) containers/$$image/requirements.txt \
	  --output-file containers/$$image/requirements.lock $(AS_TESTED) || exit; done
	for tool in pip sam checkov build locks; do $(LOCK) requirements/$$tool.txt --output-file requirements/$$tool.lock || exit; done

definition: $(SDK)/done ## build the pipeline's definition anew
	$(SDK)/python -m pipeline_builder definition

base-network: $(VENV)/run.done ## train the base network that is shipped (hours; see stylegan2-ada-pytorch/base)
	$(BIN)/python -m local_aws.base_network

deploy: $(VENV)/run.done $(SAM)/done ## build and deploy into your AWS account: STACK, PARAMETERS="NAME=VALUE ...", PARAMETERS_FILE=file.yaml, CERTIFICATES=chain.pem
	@$(BIN)/python -m pipeline_builder where
	@mkdir -p build
	@$(BIN)/python -m pipeline_builder parameters $${PARAMETERS_FILE:+--file "$$PARAMETERS_FILE"} --words "$$PARAMETERS" >build/parameters.yaml
# The layer is built by our Python, whatever options this make was given.
	MAKEFLAGS= PYTHON="$(abspath $(BIN))/python" $(SAM)/sam build
# An update must find its code: it is uploaded first, where there is a stack (and so a bucket) already.
	$(BIN)/python -m pipeline_builder upload --stack $(STACK) --if-stack-exists
	$(SAM)/sam deploy --stack-name $(STACK) --parameter-overrides file://build/parameters.yaml
	$(BIN)/python -m pipeline_builder upsert --stack $(STACK) $${CERTIFICATES:+--certificates "$$CERTIFICATES"}

clean: ## remove environments and everything built
	rm -rf $(VENV) .tools $(NODE) .aws-sam build demo-output .local_aws .coverage*
