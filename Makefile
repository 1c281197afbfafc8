# make help lists what there is.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

GO ?= go
TOOLS := $(CURDIR)/.tools
LINT_VERSION := 2.15.0
LINT := $(TOOLS)/golangci-lint

PKG ?= ./...
RACE ?= $(foreach d,router bridges bots plugins configs web,$(if $(wildcard $(d)),./$(d)/...))
FUZZ ?= ^Fuzz
FUZZTIME ?= 10s
KILLS ?= 100
# What measures how long people wait is tested last, when nothing else is.
MEASURING := /test/bots$$
BROWSERS := chromium chromium-browser google-chrome google-chrome-stable headless-shell

# Whether what the tests need may be installed on this machine. In CI it may, and by make deps.
INSTALL ?= $(if $(filter true,$(CI)),yes,no)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: ## make bin/roost, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o bin/roost ./cmd/roost

.PHONY: sandbox
sandbox: ## all platforms simulated on this machine, and a page to play everyone
	$(GO) run ./cmd/roost sandbox

.PHONY: test
test: browser node-packages python-packages irc-server ## run every test (PKG=./...); with CI=true a skipped test is a failure
	@mkdir -p $(TOOLS)
	@$(GO) build -o $(TOOLS)/verdict ./test/verdict
	@$(GO) list $(PKG) >$(TOOLS)/packages
	@failed=0; { sed '\,$(MEASURING),d' $(TOOLS)/packages | xargs -r $(GO) test -timeout 10m -json || failed=1; \
	sed -n '\,$(MEASURING),p' $(TOOLS)/packages | xargs -r $(GO) test -timeout 10m -json || failed=1; \
	exit $$failed; } | $(TOOLS)/verdict

.PHONY: race
race: ## run the tests under the race detector (RACE="./router/... …")
	$(GO) test -race -count=1 -timeout 20m $(RACE)

.PHONY: check
check: ## everything that must hold before a push: tidy, fmt, vet, lint, test, race
	@$(MAKE) tidy-check
	@$(MAKE) fmt-check
	@$(MAKE) vet
	@$(MAKE) lint
	@$(MAKE) test
	@$(MAKE) race

.PHONY: fmt
fmt: $(LINT)-$(LINT_VERSION) ## format the code
	$(LINT) fmt

.PHONY: fmt-check
fmt-check: ## is the code formatted?
	@unformatted=$$(git ls-files -z '*.go' | xargs -0 -r gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "not formatted; make fmt does it:"; echo "$$unformatted"; exit 1; fi

.PHONY: vet
vet: ## go vet
	$(GO) vet ./...

.PHONY: lint
lint: $(LINT)-$(LINT_VERSION) ## golangci-lint, the pinned version (built once into .tools, in about four minutes)
	$(LINT) run --allow-parallel-runners $(PKG)

# The stamp says which version is built; another one is built when it is missing.
$(LINT)-$(LINT_VERSION):
	@mkdir -p $(TOOLS)
	@if ! $(LINT) version 2>/dev/null | grep -F 'version $(LINT_VERSION) ' >/dev/null; then \
		echo "building golangci-lint $(LINT_VERSION)"; \
		GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(LINT_VERSION); \
	fi
	@rm -f $(LINT)-*
	@touch $@

.PHONY: tidy-check
tidy-check: ## do go.mod and go.sum say what is used?
	$(GO) mod tidy -diff

.PHONY: fuzz
# Before version 1.27, Go takes the end of the time for a failure now and then; then a target is run once more.
fuzz: ## run every fuzz target (FUZZ='^Fuzz') for FUZZTIME=10s
	@mkdir -p $(TOOLS)
	@for pkg in $$($(GO) list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' $(PKG)); do \
		for target in $$($(GO) test -list '$(FUZZ)' $$pkg | { grep '^Fuzz' || true; }); do \
			echo "== $$pkg $$target"; \
			for try in 1 2; do \
				$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s $$pkg | tee $(TOOLS)/fuzz && break; \
				[ $$try = 1 ] && sed -n '/^--- FAIL/{n;p}' $(TOOLS)/fuzz | grep -qx '    context deadline exceeded' || exit 1; \
				echo "again, because of go.dev/issue/75804"; \
			done; \
		done; \
	done

.PHONY: bench
bench: ## run the benchmarks
	$(GO) test -run '^$$' -bench . -benchmem $(PKG)

.PHONY: crash
crash: ## kill the process KILLS=100 times at random and look for what is lost or doubled
	$(GO) test -count=1 -timeout 120m -v ./test/crash -kills $(KILLS)
	$(GO) test -count=1 -timeout 120m -v ./test/bots -run 'Dialogs|Slot' -kills $(KILLS)

.PHONY: deps
deps: INSTALL := yes
deps: browser node-packages python-packages irc-server ## install what the tests need: Chromium, discord.py and ngircd (as root, by apt), and the npm packages of test/

# The browser journeys drive a real browser, if there are any.
.PHONY: browser
browser:
	@grep -rqs --include='*_test.go' chromedp/chromedp $(wildcard test web cmd) || exit 0; \
	for b in $(BROWSERS); do if command -v $$b >/dev/null; then exit 0; fi; done; \
	if [ '$(INSTALL)' = yes ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		export DEBIAN_FRONTEND=noninteractive; \
		if apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; then exit 0; fi; \
		echo "Chromium could not be installed: the browser journeys are skipped"; exit 0; \
	fi; \
	echo "no Chromium: the browser journeys are skipped; to run them: sudo apt-get install chromium, or make deps as root"

# Other people's clients are tried against our simulators, each with its own packages.
.PHONY: node-packages
node-packages:
	@for lock in $(wildcard test/interop/*/package-lock.json test/browser/package-lock.json); do \
		dir=$$(dirname $$lock); \
		if [ $$dir/node_modules/.package-lock.json -nt $$lock ]; then continue; fi; \
		if ! command -v npm >/dev/null; then \
			echo "no npm: the tests in $$dir are skipped; to run them, install Node.js 20 or later with npm"; \
		elif ! npm --prefix $$dir ci --no-audit --no-fund --loglevel=error </dev/null; then \
			echo "npm ci in $$dir went wrong: its tests are skipped"; \
		fi; \
	done

# discord.py comes from Debian, for its own Python.
.PHONY: python-packages
python-packages:
	@if /usr/bin/python3 -c 'import discord' 2>/dev/null; then exit 0; fi; \
	if [ '$(INSTALL)' = yes ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		export DEBIAN_FRONTEND=noninteractive; \
		if apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-discord >/dev/null; then exit 0; fi; \
		echo "python3-discord could not be installed: its tests cannot run"; exit 0; \
	fi; \
	echo "no discord.py: its tests are skipped; to run them: sudo apt-get install python3-discord, or make deps as root"

# The IRC plugin is tried against a real server, which the tests start themselves: the one that Debian starts is stopped.
.PHONY: irc-server
irc-server:
	@if command -v ngircd >/dev/null || [ -x /usr/sbin/ngircd ]; then exit 0; fi; \
	if [ '$(INSTALL)' = yes ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		export DEBIAN_FRONTEND=noninteractive; \
		if apt-get update -qq && apt-get install -y -qq --no-install-recommends ngircd >/dev/null; then \
			if [ -d /run/systemd/system ]; then systemctl disable --quiet --now ngircd; fi; exit 0; \
		fi; \
		echo "ngircd could not be installed: the tests of the IRC plugin cannot run"; exit 0; \
	fi; \
	echo "no ngircd: the tests of the IRC plugin are skipped; to run them: sudo apt-get install ngircd, or make deps as root"

.PHONY: clean
clean: ## remove what was built, but not the tools
	rm -rf bin coverage.out
