# The whole project from a clone: each target sets up what it needs, once.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DATA   ?= $(if $(POCKETD_DATA),$(POCKETD_DATA),../shared/data)
PIP    := $(BIN)/python -m pip --disable-pip-version-check -q

.PHONY: help demo test lint format types contracts check clean pictures
.PHONY: bench-sources bench-bars bench-continue bench-patterns bench-grooves bench-distil bench-report
.PHONY: bench bench-memory bench-songs bench-follow bench-left-out bench-humanise bench-duos bench-closed-loop bench-realtime bench-notice bench-soak bench-clock
.PHONY: bench-kill-takes bench-gate-luck bench-nights bench-morph bench-replay bench-learning bench-poison bench-overnight bench-together bench-kill-nights

help: ## What there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 26

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "pocketd needs Python 3.11 or newer; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "venv failed; on Debian: apt install python3-venv"; exit 1; }

# What the demo needs: the daemon and pictures. Never torch.
$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Setting up (once) ..."
	@$(PIP) install -c constraints.txt -e '.[jack,alsa,plot]'
	@touch $@

# What tests and training need on top.
$(VENV)/.dev: pyproject.toml constraints.txt $(VENV)/.demo
	@echo "Setting up for development (once; torch is large) ..."
	@$(PIP) install -c constraints.txt -e '.[train,s3,cluster,jack,alsa,link,plot,parquet,dev]'
	@touch $@

demo: $(VENV)/.demo ## Twenty seconds in real time, a table and a picture [HUMAN=a.mid DRUMS=b.mid]
	@$(BIN)/pocketd demo $(if $(HUMAN),--human '$(HUMAN)') $(if $(DRUMS),--drums '$(DRUMS)')

test: $(VENV)/.dev ## Every test: the longest first, side by side, and what needs the machine to itself at last
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal -m 'not alone' tests/real tests
	@$(BIN)/python -m pytest -m alone

lint: $(VENV)/.dev ## Ruff: lint and format
	@$(BIN)/ruff check --no-cache . && $(BIN)/ruff format --no-cache --check .

format: $(VENV)/.dev ## Ruff: mend what can be mended
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

types: $(VENV)/.dev ## Mypy, strict
	@$(BIN)/mypy

contracts: $(VENV)/.dev ## Who may import whom
	@$(BIN)/lint-imports

check: lint types contracts test ## All that CI runs

bench: bench-sources bench-follow bench-humanise bench-duos bench-closed-loop bench-realtime bench-clock bench-memory bench-songs bench-kill-takes bench-nights ## Every table but one (bench-left-out)

bench-sources: bench-bars bench-continue bench-patterns bench-grooves bench-distil bench-report ## What makes drums

bench-bars: $(VENV)/.dev ## How much of a bar comes back from a latent space: trainings at first, kept for the next time
	@$(BIN)/python benchmarks/bars.py --data '$(DATA)'

bench-continue: $(VENV)/.dev ## How well the next sixteenth is foretold, and whether patterns settle
	@$(BIN)/python benchmarks/continuing.py --data '$(DATA)'

bench-patterns: $(VENV)/.dev ## How many patterns from a latent space are new, and how real they are
	@$(BIN)/python benchmarks/patterns.py --data '$(DATA)'

bench-grooves: $(VENV)/.dev ## How near drums to a groove are to the drummer's own
	@$(BIN)/python benchmarks/grooves.py --data '$(DATA)'

bench-distil: $(VENV)/.dev ## How fast a collection of MIDI files is distilled
	@$(BIN)/python benchmarks/distil.py --data '$(DATA)'

bench-report: $(VENV)/.dev ## What sources make beside what drummers play
	@$(BIN)/python benchmarks/sources.py --data '$(DATA)'

bench-nights: bench-gate-luck bench-morph bench-replay bench-learning bench-poison bench-overnight bench-together bench-kill-nights ## What takes and nights come to

bench-follow: $(VENV)/.dev ## How close the drums land to the musician
	@$(BIN)/python benchmarks/follow.py --data '$(DATA)'

bench-left-out: $(VENV)/.dev ## The same with each drummer left out: six trainings, an hour and more; kept for the next time
	@$(BIN)/python benchmarks/left_out.py --data '$(DATA)'

bench-humanise: $(VENV)/.dev ## How like a drummer, with nobody playing
	@$(BIN)/python benchmarks/humanise.py --data '$(DATA)'

bench-duos: $(VENV)/.dev ## In the drummer's chair of real duos and trios
	@$(BIN)/python benchmarks/duos.py --data '$(DATA)'

bench-closed-loop: $(VENV)/.dev ## Two who follow each other
	@$(BIN)/python benchmarks/closed_loop.py

bench-realtime: $(VENV)/.dev ## On time: steps, start, memory, idle
	@$(BIN)/python benchmarks/realtime.py

bench-notice: $(VENV)/.dev ## What it costs to hand hits over ahead of their time
	@$(BIN)/python benchmarks/notice.py --data '$(DATA)'

bench-soak: $(VENV)/.dev ## Half an hour on JACK and twelve in virtual time: an hour
	@$(BIN)/python benchmarks/soak.py

bench-clock: $(VENV)/.dev ## How near the clock is where MIDI clock jitters, or comes in periods
	@$(BIN)/python benchmarks/clock.py

bench-memory: $(VENV)/.dev ## Whether a take should begin with what the last one of its song taught
	@$(BIN)/python benchmarks/memory.py --data '$(DATA)'

bench-songs: $(VENV)/.dev ## How surely a song is recognised by its drums
	@$(BIN)/python benchmarks/songs.py --data '$(DATA)'

bench-gate-luck: $(VENV)/.dev ## How often a night promotes by luck
	@$(BIN)/python benchmarks/gate_luck.py

bench-kill-takes: $(VENV)/.dev ## What a kill -9 costs a take
	@$(BIN)/python benchmarks/kill_takes.py

bench-morph: $(VENV)/.dev ## The paper's own experiments: straight to swing, and to triplets
	@$(BIN)/python benchmarks/morph.py

bench-replay: $(VENV)/.dev ## What the loop would have learned from rolypoly~'s takes of 2020
	@$(BIN)/python benchmarks/replay.py --data '$(DATA)'

bench-learning: $(VENV)/.dev ## Ten takes of a song, a night between two
	@$(BIN)/python benchmarks/learning.py --data '$(DATA)'

bench-poison: $(VENV)/.dev ## Whether takes that went wrong can do harm
	@$(BIN)/python benchmarks/poison.py --data '$(DATA)'

bench-together: $(VENV)/.dev ## What more processes bring a night
	@$(BIN)/python benchmarks/together.py --data '$(DATA)'

bench-overnight: $(VENV)/.dev ## How long a night takes, and how much memory
	@$(BIN)/python benchmarks/overnight.py --data '$(DATA)'

bench-kill-nights: $(VENV)/.dev ## What a kill -9 costs a night
	@$(BIN)/python benchmarks/kill_nights.py --data '$(DATA)'

pictures: $(VENV)/.dev ## Draw offsets, waiting, what each source makes and the map of patterns anew, in docs/
	@$(BIN)/python benchmarks/offsets_plot.py --data '$(DATA)'
	@$(BIN)/python benchmarks/waiting_plot.py
	@$(BIN)/python benchmarks/sources_plot.py
	@$(BIN)/python benchmarks/pattern_map_plot.py

.PHONY: units
units: $(VENV)/.demo ## Write systemd/ anew, from daemon/pocketd/service_units.py
	@$(BIN)/python -c 'from pathlib import Path; from pocketd.service_units import write_units; write_units(Path("systemd"))'

clean: ## Throw away what was set up
	rm -rf $(VENV) demo-out .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
