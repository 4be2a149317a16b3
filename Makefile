# What people type. The work is done by scripts/host.sh, which says what it does and is silent when nothing is to do.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help up down build test check coverage bench clean

help: ## these lines
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## start a cluster in the foreground, installing what is missing (ARGS='--in-memory ...')
	@scripts/host.sh up $(ARGS)

down: ## stop it and remove every trace: containers, networks, iptables chains, a Docker daemon we started
	@scripts/host.sh down $(ARGS)

build: ## npm packages and dist/, where something changed
	@scripts/host.sh build

test: build ## every test, against real components (SUITES='unit e2e' for some); needs root
	@scripts/test.sh $(SUITES)

check: build ## what every change must pass: types, lint, unit tests; under a minute
	@npx --no-install biome check .
	@npx --no-install mocha

coverage: build ## which of upstream's listed behaviours are shown, by area (KUBECONFIG=... for a cluster of yours)
	@scripts/coverage.sh

bench: build ## the numbers in README
	@node dist/bench/main.js $(ARGS)

clean: ## what a build made
	@rm -rf dist .build openapi/generated
