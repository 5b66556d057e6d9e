# The ways to work on spike. `make` alone says what there is.

CARGO ?= cargo
DOCS := RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --locked

.DEFAULT_GOAL := help
.PHONY: help run engines check test bench bench-smoke fmt fmt-check clippy doc sdl sdl-check arrows install-deps install-engines

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

run: install-deps ## Build and serve with the defaults, on http://127.0.0.1:8080
	$(CARGO) build --release --locked --bin spike
	@echo
	@echo "To load a sample sale, before or while it serves: target/release/spike demo"
	@echo
	@exec target/release/spike serve

engines: install-engines ## Start MariaDB, Redis and RabbitMQ, until Ctrl-C; more: make engines ARGS=--help
	$(CARGO) build --locked -p engines
	@exec target/debug/engines $(ARGS)

check: fmt-check clippy doc ## What to run before each commit, in some minutes
	$(CARGO) test --workspace --locked --lib --bins
	$(CARGO) test --locked -p schema --tests
	$(CARGO) test --locked -p api --test architecture --test cli --test http

test: install-engines fmt-check clippy doc sdl-check arrows ## Everything; what CI runs
	$(CARGO) test --workspace --locked --no-fail-fast -- --show-output
	$(MAKE) bench-smoke

bench: install-engines ## Measure against baselines on real engines, in some minutes; BENCH="--pairs 3" and so on
	$(CARGO) build --release --locked -p api -p bench --bins
	target/release/bench $(BENCH)

bench-smoke:
	$(CARGO) build --locked -p api -p bench --bins
	target/debug/bench --smoke

fmt: ## Format the code
	$(CARGO) fmt --all

fmt-check:
	$(CARGO) fmt --all --check

clippy:
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) clippy -p schema --features subgraphs --locked -- -D warnings

doc:
	$(DOCS)

sdl: ## Write schema/sdl anew, after the graph was changed on purpose
	UPDATE_SDL=1 $(CARGO) test --locked -p schema --test sdl

sdl-check:
	$(CARGO) test --locked -p schema --test sdl

arrows: ## Check which crate depends on which
	$(CARGO) test --locked -p api --test architecture

install-deps: ## Install what is missing from Debian
	@scripts/install-deps

# Likewise, and the engines that tests start.
install-engines:
	@scripts/install-deps --engines
