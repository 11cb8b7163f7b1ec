# One target a habit; `make` alone lists them.
GO        ?= go
CACHE     ?= $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/twinspect
TOOLS     := $(CACHE)/bin
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS   := -s -w -X main.version=$(VERSION)
GOLANGCI  := v2.15.0
PROTOC_GO := v1.36.12
PLATFORMS := linux/amd64 linux/arm64 darwin/arm64 windows/amd64

# The tests with real parts are those in files with the tag e2e: the others have
# run before.
E2E_FILES   = $(shell grep -rlE --include='*_test.go' '^//go:build.*e2e' .)
E2E_TESTS   = $(shell grep -ohE '^func Test[A-Z][A-Za-z0-9_]*' $(E2E_FILES) | cut -c6- | grep -vx TestMain | sort -u | paste -sd'|' -)
E2E_FOLDERS = $(shell dirname $(E2E_FILES) | sort -u)

export CGO_ENABLED ?= 0

.PHONY: help build demo test lint bench stands e2e cross generate clean

help: ## list the targets
	@sed -n 's/^\([a-z0-9]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

build: ## build bin/twinspect and bin/twinspect-agent, the version stamped into them
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/twinspect ./cmd/twinspect-agent

demo: build ## record a sample shop, ask two versions of it, show what differs
	$(GO) build -o bin/ ./fixtures/shopd ./fixtures/demo
	bin/demo -twinspect bin/twinspect -shopd bin/shopd

test: ## everything fast
	$(GO) test ./...

lint: $(TOOLS)/golangci-lint-$(GOLANGCI) ## formatting, vet, house rules, import rules
	$< run --build-tags e2e ./...

bench: build ## one line a figure, a peer or a limit beside it
	$(GO) build -o bin/ ./fixtures/bench
	bin/bench -twinspect bin/twinspect

stands: ## build the real parts that take minutes, once, into the cache folder
	$(GO) run ./fixtures/stand/prepare

e2e: cross stands ## the race detector, real parts, every platform
	CGO_ENABLED=1 $(GO) test -race -timeout 30m ./...
	CGO_ENABLED=1 $(GO) test -race -tags e2e -p 1 -timeout 30m -run '^($(E2E_TESTS))$$' $(E2E_FOLDERS)

cross: ## build the commands for every platform they are made for
	@set -e; for p in $(PLATFORMS); do echo "build $$p"; \
	  GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) build -o $(CACHE)/cross/$${p%/*}-$${p#*/}/ \
	    ./cmd/twinspect $$(test $${p%/*} = linux && echo ./cmd/twinspect-agent); done

generate: $(TOOLS)/protoc-gen-go-$(PROTOC_GO) ## make the checked-in generated files anew
	PATH="$(TOOLS)/protoc-gen-go-$(PROTOC_GO).d:$$PATH" $(GO) generate ./...

clean: ## remove what was built
	rm -rf bin

$(TOOLS)/golangci-lint-$(GOLANGCI):
	GOBIN=$(TOOLS)/golangci.d $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	mv $(TOOLS)/golangci.d/golangci-lint $@

$(TOOLS)/protoc-gen-go-$(PROTOC_GO):
	GOBIN=$@.d $(GO) install google.golang.org/protobuf/cmd/protoc-gen-go@$(PROTOC_GO)
	touch $@
