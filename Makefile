# The lab's commands. Settings stand on make's line, in the environment or in .env:
#   make repro HOST_CPUS=40 VARIANTS='py37-*'
.DEFAULT_GOAL := help
SHELL := /bin/sh

# A value on make's line reaches its recipe as it was typed: make would expand $(...) in it when it
# exports it. What the environment holds make passes on as it is.
$(foreach name,$(.VARIABLES),\
  $(if $(filter command,$(firstword $(origin $(name)))),\
    $(eval override $(name) := $$(value $(name)))$(eval export $(name))))

.PHONY: help doctor images repro claims claim report compare reproduce bundle verify try bisect layers init check test validate bench lock clean

help: ## List every target with one line
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "  make %-9s %s\n", $$1, $$2 }'

doctor: ## Say what this machine has, what a run costs here, and what to do about what is missing
	@scripts/doctor

images: ## Build the images of the chosen variants
	@scripts/images

repro: ## Run the suite (SUITE, VARIANTS, HOST_CPUS, WORKERS, REQUESTS, ...) and write its report
	@scripts/repro

claims: ## Check the 42 statements of the thread (SUITE=thread) and say of each what came out
	@SUITE=thread scripts/repro

claim: ## Check one statement of the thread with its own variants (ID=T23)
	@scripts/claim

report: ## Rebuild the report of a run from its raw files, without an engine (RUN=latest)
	@scripts/report

compare: ## Compare two runs variant by variant (RUN=before WITH=after): verdicts, growth, what else
	@scripts/compare

reproduce: ## Write one file that makes the calls that grow, reduced by running, and its test (RUN)
	@scripts/reproduce

bundle: ## Write one file with all that somebody else needs to run it again (RUN=latest)
	@scripts/bundle

verify: ## Check a bundle against its manifest, judge it anew, run it again here (BUNDLE=file.zip)
	@scripts/verify

try: ## Measure your own app (APP=path/to/folder, or EXAMPLE=name): leak or not, why, what helps
	@scripts/try

bisect: ## Find the release (PACKAGE=name), Python or commit with which the leak of APP came or went
	@scripts/bisect

layers: ## Exchange one layer of APP at a time (server, loop, parser, Python, allocator): which leak
	@scripts/layers

init: ## Write a first lab.toml into the folder of your own app (APP=path/to/folder) from a guess
	@scripts/init

check: ## Format, lint, types, import contracts, unit and contract tests: no engine, under a minute
	@scripts/check

test: ## Everything in check, then the real tests on the engine when one answers
	@scripts/check -n 8 --dist loadscope --durations=15 --durations-min=20 tests

validate: ## How often the verdict is wrong, over 8,740 simulated curves of known answers (a minute)
	@scripts/validate

bench: ## Measure what the lab itself costs, as ratios, into results/bench.json
	@scripts/bench

lock: ## Lock every set of packages with hashes (needs uv)
	@scripts/lock

clean: ## Remove the lab's containers, networks, volumes and images, and .venv; results stay
	@scripts/clean
