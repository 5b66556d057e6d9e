# The ways to work on spike. `make` alone says what there is.

CARGO ?= cargo
# What packages want to run at their installation is not needed here.
NPM_CI := npm ci --ignore-scripts --no-audit --no-fund
DOCS := RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --locked

.DEFAULT_GOAL := help
.PHONY: help run web test-web check test fmt fmt-check clippy doc sdl sdl-check arrows install-deps

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

run: install-deps web ## Build and serve with the defaults, on http://127.0.0.1:8080
	$(CARGO) build --release --locked --bin spike
	@echo
	@echo "To load a sample sale, before or while it serves: target/release/spike demo"
	@echo
	@exec target/release/spike serve

web: web/dist/index.html.gz ## Build the playground into web/dist, which cargo embeds into the binary

web/dist/index.html.gz: web/node_modules/.package-lock.json web/index.html web/vite.config.js $(shell find web/src -type f)
	cd web && npm run build

# What is installed is as the lock file says.
%/node_modules/.package-lock.json: %/package-lock.json | install-deps
	cd $* && $(NPM_CI)

test-web: web web/test/node_modules/.package-lock.json clients/node_modules/.package-lock.json ## The playground in a browser, and the clients of front ends, against the real server
	@scripts/install-deps --browser
	cd web && npm run check
	$(CARGO) build --locked --bin spike
	cd web/test && npm test
	cd clients && npm test
	cd clients && npm run audit

check: fmt-check clippy doc ## What to run before each commit, in some minutes
	$(CARGO) test --workspace --locked --lib --bins
	$(CARGO) test --locked -p schema --tests
	$(CARGO) test --locked -p api --test architecture --test cli --test http

test: install-deps fmt-check clippy doc sdl-check arrows ## Everything; what CI runs
	$(CARGO) test --workspace --locked --no-fail-fast -- --show-output

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
