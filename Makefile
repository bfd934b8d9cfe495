# Everything here needs Go, and what runs against a local Kinesis and DynamoDB also Node.js with npm. Nothing is to be
# installed by hand: tools come through Go modules, at the versions pinned here.

SHELL         := /bin/bash
.SHELLFLAGS   := -euo pipefail -c
.DEFAULT_GOAL := help

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

# What a person may set, as in: make demo DATA=trail, make bench BENCH=trail COUNT=3,
# make bench PAGE=docs/performance.md, make fuzz FUZZTIME=1m, make soak SOAK=1h.
DATA     ?=
BENCH    ?= .
COUNT    ?= 10
BENCH_SESSIONS  ?= 5000000
GROWTH_SESSIONS ?= 1000000
PAGE     ?=
FUZZTIME ?= 10s
SOAK     ?= long
PKG      ?= ./...
VERSION  ?= dev

LDFLAGS = -X main.version=$(VERSION)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(firstword $(MAKEFILE_LIST)) | awk -F':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

.PHONY: demo
demo: build ## two workers find thefts in a local stream; DATA=folder replays other trail files
	@go build -o bin/demo ./devstack/demo
	@exec bin/demo $(if $(DATA),-data '$(DATA)')

.PHONY: build
build: ## bin/straytoken
	@go build -trimpath -ldflags '$(LDFLAGS)' -o bin/straytoken ./cmd/straytoken

.PHONY: test
test: check ## check, then all tests with the race detector (needs gcc), and what measures memory without it
	@go test -json -race -count=1 -timeout 13m ./... | go run ./e2e/totals
	@go test -json -count=1 -run 'Limit$$' ./processor ./e2e | go run ./e2e/totals

.PHONY: soak
soak: ## the long set of faults, about five minutes; SOAK=1h puts a steady load with random faults for as long
	@go test -count=1 -timeout 0 -v -run '^(TestFaults|TestSoak)$$' ./e2e -args -soak='$(SOAK)'

.PHONY: check
check: ## gofmt and go vet
	@unformatted=$$(gofmt -l $$(go list -f '{{.Dir}}' ./...)); \
	if [ -n "$$unformatted" ]; then echo "not formatted, run gofmt -w:"; echo "$$unformatted"; exit 1; fi
	@go vet ./...

.PHONY: lint
lint: check ## check, staticcheck, go mod tidy -diff, known vulnerabilities; says what cannot be downloaded
	@if go run $(STATICCHECK) -version >/dev/null 2>&1; then go run $(STATICCHECK) ./...; \
	else echo "lint: staticcheck cannot be downloaded and is left out"; fi
	@go mod tidy -diff
	@code=0; found=$$(go run $(GOVULNCHECK) ./... 2>&1) || code=$$?; \
	if [[ "$$found" == *"Your code is affected by"* ]]; then echo "$$found"; exit 1; fi; \
	if [ $$code -ne 0 ]; then echo "lint: govulncheck or its data cannot be downloaded and is left out"; fi

.PHONY: race
race: ## unit tests with the race detector, without the local servers; PKG=./processor for one package
	@go test -race $$(go list $(PKG) | grep -vE '/(devstack|kinesis|e2e)(/|$$)')

.PHONY: cover
cover: ## coverage of all tests, in bin/cover.html
	@mkdir -p bin
	@go test -coverpkg=./... -coverprofile=bin/cover.out ./... >/dev/null
	@go tool cover -html=bin/cover.out -o bin/cover.html
	@go tool cover -func=bin/cover.out | tail -1

.PHONY: fuzz
fuzz: ## every fuzz test for FUZZTIME (10s)
	@for pkg in $$(go list $(PKG)); do \
		for name in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$name"; go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; \
	done

.PHONY: bench
bench: build ## speed and memory beside their targets; BENCH=scan for one part, COUNT=3 for fewer runs
	@go build -o bin/bench ./bench/table
	@exec bin/bench -only '$(BENCH)' -count $(COUNT) -sessions $(BENCH_SESSIONS) $(if $(PAGE),-page '$(PAGE)')

.PHONY: bench-growth
bench-growth: ## how costs grow with sessions, networks, rules, and event size, as plots in docs
	@go run ./bench/growth -sessions $(GROWTH_SESSIONS) -out docs $(if $(PAGE),-page '$(PAGE)')

.PHONY: microbench
microbench: ## benchmarks of single packages; PKG=./cloudtrail for one, COUNT=10 for benchstat
	@go test -run '^$$' -bench . -benchmem -count $(COUNT) $(PKG) | grep -v 'no test files'

.PHONY: image
image: ## container image straytoken:VERSION, by docker or podman; the Dockerfile tells how to run it
	@tool=$$(command -v docker || command -v podman) || { echo "image: neither docker nor podman is installed" >&2; exit 1; }; \
	"$$tool" build --build-arg VERSION=$(VERSION) -t straytoken:$(VERSION) .

.PHONY: clean
clean: ## remove what the targets made, the npm packages included
	@rm -rf bin .demo devstack/node_modules
