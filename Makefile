.PHONY: demo serve test test-all check bench lock

demo:            ## play a sample call through everything and serve the agent's page
	@scripts/setup run
	@.venv/bin/seat demo

serve:           ## the server
	@scripts/setup run
	@.venv/bin/seat serve

test:            ## the test-suite, browser tests included
	@scripts/setup dev
	@.venv/bin/pytest

test-all:        ## the slow tests too
	@scripts/setup dev
	@.venv/bin/pytest -m ''

check:           ## format, lint, types
	@scripts/setup dev
	@scripts/check

bench:           ## the latency benchmark
	@scripts/setup dev
	@.venv/bin/python -m benchmarks latency

lock:            ## renew requirements.lock
	@scripts/setup dev
	@.venv/bin/python -m pip install --quiet uv
	@.venv/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --no-header --no-annotate --quiet -o requirements.lock
