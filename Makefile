# Everything runs in .venv, which each target sets up by itself. PYTHON: any Python 3.11 or newer.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PIP_INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
CORPUS := corpus
OUT := build
SEEDS ?= 1,2,3

.PHONY: setup train eval eval-news seeds test test-all test-transformers test-gliner bench bench-models lint types release \
	package-tree wheel docs clean kill fuzz audit label-studio label-studio-stop wikinews

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "aloi needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	$(PIP_INSTALL) -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(READY)

train: $(READY)
	$(BIN)/aloi experiment $(CORPUS) --out $(OUT) --train-only

eval: $(READY)
	$(BIN)/aloi experiment $(CORPUS) --out $(OUT)

# Trains each seed in $(OUT)/seed-N; an interrupted run resumes with the same command.
seeds: $(READY)
	$(BIN)/aloi experiment $(CORPUS) --out $(OUT) --seeds $(SEEDS)

# Also trains on Wikinews and on both corpora, and scores on the test documents of both. Takes TEXTS or
# REPOSITORY as wikinews does; the pipelines of `make seeds` are used, and an interrupted run resumes.
eval-news: wikinews
	$(BIN)/aloi experiment $(CORPUS) $(OUT)/wikinews --out $(OUT) --seeds $(SEEDS)

test: $(READY)
	$(BIN)/python -m pytest -m "not slow" $(PYTEST_ARGS)

# With a real Label Studio, on SQLite and on PostgreSQL, and a browser; tests/conftest.py has --no-skips.
test-all: $(READY)
	$(BIN)/python -m pytest $(addprefix --ignore=,$(TORCH_TESTS)) \
		--ignore=tests/models/zero_shot/test_gliner_model.py $(PYTEST_ARGS)

# torch takes 1 GB and slows every start of spaCy: it comes last, and only where it is asked for. If no
# index of pip has the build for processors without a GPU, the build with CUDA is installed (3 GB).
# With WEIGHTS=CHECKPOINT, a real checkpoint is tested as well.
TORCH_TESTS := $(addprefix tests/models/transformer/test_,transformer.py shipping.py real_checkpoint.py)
INSTALL_TRANSFORMERS = $(PIP_INSTALL) -r requirements-transformers.txt || $(PIP_INSTALL) -r requirements-transformers-cuda.txt

test-transformers: $(READY)
	$(INSTALL_TRANSFORMERS)
	WEIGHTS=$(WEIGHTS) $(BIN)/python -m pytest $(TORCH_TESTS) $(PYTEST_ARGS)

# GLiNER replaces transformers and huggingface_hub by older releases; the target above brings them back.
test-gliner: $(READY)
	$(INSTALL_TRANSFORMERS)
	$(PIP_INSTALL) --no-deps -r requirements-gliner.txt
	$(BIN)/python -m pytest tests/models/zero_shot/test_gliner_model.py $(PYTEST_ARGS)

# Figures that `make eval` and the passes give go into the card; without them it says so.
release: $(READY)
	mkdir -p $(OUT)
	$(BIN)/aloi annotate agree $(CORPUS)/passes --schema $(CORPUS)/schema.toml --json $(OUT)/agreement.json >$(OUT)/agreement.txt
	$(BIN)/aloi release build $(CORPUS) --out $(OUT)/release $(patsubst %,--results %,$(OUT)/agreement.json $(wildcard $(OUT)/reports/eval.json))
	$(BIN)/aloi release check $(OUT)/release $(CORPUS)
	@echo 'from datasets import load_dataset; documents = load_dataset("$(OUT)/release", "documents")'

# The trained pipeline as a Python package, with the scores of `make eval` in its card if there are any.
wheel: train
	$(BIN)/aloi release wheel $(OUT)/models/pipeline --name aloi_news --out $(OUT)/wheels --corpus $(CORPUS) \
		$(addprefix --evaluation ,$(wildcard $(OUT)/reports/eval.json))

# Texts come from the repository that corpus/wikinews/standoff.toml names, from REPOSITORY=URL, or
# from TEXTS=FOLDER; see docs/standoff.md.
wikinews: $(READY)
ifndef TEXTS
	$(BIN)/aloi corpus fetch corpus/wikinews $(OUT)/wikinews-texts $(addprefix --repository ,$(REPOSITORY))
endif
	$(BIN)/aloi corpus attach corpus/wikinews $(or $(TEXTS),$(OUT)/wikinews-texts) $(OUT)/wikinews

# In .label-studio/, on loopback; see docs/label-studio.md.
label-studio: $(READY)
	$(BIN)/aloi annotate start

label-studio-stop: $(READY)
	$(BIN)/aloi annotate stop

bench: $(READY)
	$(BIN)/python bench/evaluation.py
	$(BIN)/python bench/conversion.py
	$(BIN)/python bench/prediction.py $(wildcard $(OUT)/models/pipeline)
	$(BIN)/python bench/shards.py $(wildcard $(OUT)/models/pipeline)

# make bench-models DATA=FOLDER [WEIGHTS=CHECKPOINT] [UNLABELLED=FILE] [SEEDS=1,2,3]: DATA contains
# winer-fr, multi-crossre-fr and popcorn; an interrupted run goes on. See bench/models.py.
bench-models: $(READY)
	$(BIN)/python bench/models.py $(DATA) --out $(OUT)/bench-models --seeds $(SEEDS) \
	  $(addprefix --weights ,$(WEIGHTS)) $(addprefix --unlabelled ,$(UNLABELLED)) \
	  $(addprefix --wikinews ,$(wildcard $(OUT)/wikinews))

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/aloi corpus check $(CORPUS)
	$(BIN)/aloi corpus check corpus/wikinews
	$(BIN)/aloi corpus review $(CORPUS)

# Type checkers do not follow setuptools' package mapping; links give them the tree it makes.
package-tree:
	rm -rf build/typing && mkdir -p build/typing/aloi
	for part in corpus annotation models eval cli; do ln -s ../../../$$part build/typing/aloi/$$part; done

types: $(READY) package-tree
	$(BIN)/mypy -p aloi.corpus -p aloi.annotation -p aloi.models -p aloi.eval -p aloi.cli

# The documentation as a site in build/site; a broken link or reference is an error.
docs: $(READY) package-tree
	$(PIP_INSTALL) -r requirements-docs.txt
	$(BIN)/python docs/build_site.py build/docs-source
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# Commands are killed while they write, and get hostile inputs; see the modules in bench/robustness.
kill: $(READY)
	PYTHONPATH=tests/support $(BIN)/python bench/robustness/kill.py --seconds $(or $(SECONDS),1200)

fuzz: $(READY)
	PYTHONPATH=tests/support $(BIN)/python bench/robustness/fuzz.py $(addprefix --seconds ,$(SECONDS))
	$(BIN)/python bench/robustness/fuzz_formats.py $(addprefix --seconds ,$(SECONDS))

# Known vulnerabilities of the versions in requirements.lock; needs network access.
AUDIT := build/audit/bin/pip-audit

$(AUDIT):
	$(PYTHON) -m venv build/audit
	build/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit

audit: $(AUDIT)
	@$(AUDIT) --vulnerability-service osv --disable-pip --require-hashes \
	  --progress-spinner off -r requirements.lock >build/audit.txt 2>&1; status=$$?; \
	if grep -q "ConnectionError\|ConnectTimeout\|ServiceError" build/audit.txt; then \
	  echo "the database of vulnerabilities cannot be reached: nothing was checked (build/audit.txt)"; \
	  exit 2; \
	fi; cat build/audit.txt; exit $$status

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
