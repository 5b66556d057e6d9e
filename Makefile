# The ways to work on spike. `make` alone says what there is.

CARGO ?= cargo
# What packages want to run at their installation is not needed here.
NPM_CI := npm ci --ignore-scripts --no-audit --no-fund
DOCS := RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --locked

.DEFAULT_GOAL := help
.PHONY: help run web engines check test test-embedded test-mariadb test-postgresql test-faults test-schemathesis test-web
.PHONY: bench fuzz fmt fmt-check clippy doc sdl arrows install-deps install-engines install-python install-browser

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 26

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

engines: install-engines ## Start MariaDB, Redis and RabbitMQ, until Ctrl-C; more: make engines ARGS=--help
	$(CARGO) build --locked -p engines
	@exec target/debug/engines $(ARGS)

# Always the whole workspace, and the tests by their names: another choice of packages is another choice of their
# features, and would build everything once more.
TEST := $(CARGO) test --workspace --locked
# What a client of the graph sees, whatever stands behind it.
OF_THE_GRAPH := --test graph --test interleavings --test contention --test http --test crash --test lifecycle
# What shows how it holds together when something fails: real processes, real engines.
OF_FAULTS := --test crash_table --test chaos --test diagnostics

check: fmt-check clippy doc ## What to run before each commit, in some minutes
	$(TEST) --lib --bins --test architecture --test cli --test contract --test descriptions --test http --test sdl

# The playground comes first, for what is embedded is compiled in.
test: install-engines web fmt-check clippy doc ## Everything; what CI runs
test: test-embedded test-mariadb test-postgresql test-schemathesis test-web

test-embedded: install-engines ## All tests; those of the graph on SQLite + memory + queue table
	@echo "== all tests; those of the graph on SQLite + memory + queue table"
	$(TEST) --no-fail-fast -- --show-output

test-mariadb: install-engines ## The tests of the graph on MariaDB + Redis + RabbitMQ
	@echo "== the tests of the graph on MariaDB + Redis + RabbitMQ"
	SPIKE_TEST_STACK=mariadb $(TEST) --no-fail-fast $(OF_THE_GRAPH) -- --show-output

test-postgresql: install-engines ## The tests of the graph on PostgreSQL + Redis Cluster + RabbitMQ
	@echo "== the tests of the graph on PostgreSQL + Redis Cluster + RabbitMQ"
	SPIKE_TEST_STACK=postgresql $(TEST) --no-fail-fast $(OF_THE_GRAPH) -- --show-output

test-schemathesis: install-python ## Operations that schemathesis makes up after the schema; SECONDS=600 for longer
	@echo "== schemathesis: operations made up after the schema, as an administrator and as nobody"
	$(TEST) --no-run --test http
	scripts/schemathesis/run $(or $(SECONDS),30)

# The binary is that of the tests above, so that nothing is compiled twice.
test-web: install-browser web web/test/node_modules/.package-lock.json clients/node_modules/.package-lock.json
test-web: ## The playground in a browser, and the clients of front ends, against the real server
	@echo "== the playground in a browser; graphql-ws, Apollo Client, urql, graphql-sse; the audits of graphql-http"
	cd web && npm run check
	$(TEST) --no-run --test http
	cd web/test && npm test
	cd clients && npm test
	cd clients && npm run audit

test-faults: install-engines ## The crash table, chaos and diagnostics, of the tests above, with what they print
	$(TEST) --no-fail-fast $(OF_FAULTS) -- --nocapture

bench: install-engines ## Measure against baselines on real engines, in some minutes; BENCH="--pairs 3" and so on
	$(CARGO) build --release --locked -p api -p bench --bins
	target/release/bench $(BENCH)

fuzz: ## Make input up for everything that reads what anybody may send; SECONDS=600 for each target, by default 300
	SPIKE_FUZZ_SECONDS=$(or $(SECONDS),300) SPIKE_FUZZ_SEED=$${SPIKE_FUZZ_SEED:-$$(date +%s)} \
	  $(TEST) --test fuzz -- --show-output --test-threads 1

fmt: ## Format the code
	$(CARGO) fmt --all

fmt-check:
	$(CARGO) fmt --all --check

clippy:
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) clippy --workspace --features api/subgraphs --locked -- -D warnings

doc:
	$(DOCS)

sdl: ## Write schema/sdl anew, after the graph was changed on purpose
	UPDATE_SDL=1 $(TEST) --test sdl

arrows: ## Check which crate depends on which
	$(TEST) --test architecture

install-deps: ## Install what is missing from Debian
	@scripts/install-deps

# Likewise, and the engines that tests start.
install-engines:
	@scripts/install-deps --engines

# Likewise, and what Python programs are installed with.
install-python:
	@scripts/install-deps --python

# Likewise, and the browser in which the playground is tested.
install-browser:
	@scripts/install-deps --browser
