# make book    the book on the demo profile; PROFILE=smoke for a quick look, see README.md
# make test    everything quick: linters, types, tests, the smoke book in a browser
# Everything below needs no more than git, make and Python 3.11 or later.

PROFILE ?= demo
EDITION ?= full
PORT ?= 8000
PYTHON ?=
RUN := .venv/bin/python
# What only removes needs no set-up: a Python that is there will do.
ANY = $(firstword $(wildcard .venv/bin/python .venv-read/bin/python) $(PYTHON) python3)
export PYTHON
# What is run is this folder's code, whatever the user's environment adds or an environment links to.
export PYTHONPATH := $(CURDIR)
unexport PYTHONHOME

.PHONY: help read zip book test test-slow lint format serve record records judge plan bench slides setup ray requirements clean clean-store

help:
	@echo "make read                        the whole book from committed records, without PyTorch"
	@echo "make book [PROFILE=demo|smoke]   train, execute every page, render the book"
	@echo "make serve [PORT=8000]           show the book at this machine's address only"
	@echo "make zip                         pack the built book into one file"
	@echo "... EDITION=student              of read, book, serve, zip: the book without solutions"
	@echo "make test                        linters, types, quick tests, the smoke book in a browser"
	@echo "make test-slow                   the tests that take minutes"
	@echo "make record [PROFILE=demo]       train what the verdicts rest on; goes on where it stopped"
	@echo "make judge [PROFILE=demo]        judge the claims by what is recorded; trains nothing"
	@echo "make ray                         add what --engine ray takes: one sweep over many machines"
	@echo "make plan [PROFILE=demo]         what a build would train, and what it costs"
	@echo "make bench                       measure this project beside others; benchmarks/latest.json"
	@echo "make slides                      the lecture's slides from the records; _build/slides.html"
	@echo "make clean                       remove what was rendered; trained jobs are kept"
	@echo "make clean-store                 remove the trained jobs and kept images, after asking"

setup:
	@sh tools/setup.sh

# Of a cluster, for --engine ray: 240 MB more.
ray:
	@sh tools/setup.sh ray

# Needs no set-up but its own. The interpreter that setup.sh would choose.
read:
	@python=$$(sh tools/setup.sh --which) && "$$python" tools/read.py --edition "$(EDITION)"

zip:
	@$(ANY) -m nbsupport zip --edition "$(EDITION)"

book: setup
	@$(RUN) -m nbsupport build --profile $(PROFILE) --edition "$(EDITION)"

# "records" is the name it had before.
record records: setup
	@$(RUN) -m nbsupport record --profile $(PROFILE)

judge: setup
	@$(RUN) -m nbsupport judge --profile $(PROFILE)

plan: setup
	@$(RUN) -m nbsupport plan --profile $(PROFILE)

bench: setup
	@$(RUN) -m benchmarks

slides: setup
	@$(RUN) -m nbsupport slides

serve: setup
	@$(RUN) -m nbsupport serve --port "$(PORT)" --edition "$(EDITION)"

lint: setup
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

format: setup
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

# With Ray: its tests start a small cluster on this machine.
test: ray lint
	$(RUN) -m pytest -m "not slow" --numprocesses logical --maxprocesses 4 --durations 15 </dev/null

test-slow: ray
	$(RUN) -m pytest -m slow --durations 15 </dev/null

# Pins newer versions; torch and torchvision stay together because both are in requirements.in. What
# reading takes is a part of it, in the same versions; a cluster takes what does not contradict it.
requirements:
	uv pip compile --quiet --universal --python-version 3.11.0 --no-annotate \
	  --custom-compile-command "make requirements" requirements.in -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11.0 --no-annotate \
	  --custom-compile-command "make requirements" --constraint requirements.txt \
	  requirements-read.in -o requirements-read.txt
	uv pip compile --quiet --universal --python-version 3.11.0 --no-annotate \
	  --custom-compile-command "make requirements" --constraint requirements.txt \
	  requirements-ray.in -o requirements-ray.txt

clean:
	@$(ANY) -m nbsupport.building.clean .

clean-store:
	@$(ANY) -c 'import filelock' 2>/dev/null || { echo "clean-store: make setup first, or give a Python that has filelock: PYTHON=..." >&2; exit 1; }
	@$(ANY) -m nbsupport jobs clear
	@printf 'Remove every trained job in %s, and the images and listings kept for them? [y/N] ' "$${NBSUPPORT_STORE:-store}"
	@read answer && [ "$$answer" = y ] || { echo "nothing removed"; exit 1; }
	@$(ANY) -m nbsupport jobs clear --yes
