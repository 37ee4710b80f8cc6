.PHONY: demo serve test test-all check bench lock

demo:            ## play a sample call through everything and serve the agent's page
	@scripts/setup run
	@.venv/bin/seat demo

serve:           ## the server
	@scripts/setup run
	@.venv/bin/seat serve

test:            ## the test-suite, browser tests included
	@scripts/setup dev
	@.venv/bin/pytest -n 2 --dist worksteal

test-all:        ## the slow tests too
	@scripts/setup dev
	@.venv/bin/pytest -n 2 --dist worksteal -m ''

check:           ## format, lint, types
	@scripts/setup dev
	@scripts/check

bench:           ## some minutes of benchmarks and their report, in bench-results/; SPEECH=DIR adds error rates on your clips
	@scripts/setup dev
	@mkdir -p bench-results
	@.venv/bin/python -m benchmarks latency --concurrency 1,8 --json bench-results/latency.json
	@.venv/bin/python -m benchmarks trust --minutes 2 --json bench-results/trust.json $(if $(SPEECH),--speech "$(SPEECH)")
	@$(if $(SPEECH),.venv/bin/python -m benchmarks accuracy --speech "$(SPEECH)" --limit 40 --json bench-results/accuracy.json)
	@.venv/bin/python -m benchmarks report --results bench-results --out bench-results/report.html

lock:            ## renew requirements.lock
	@scripts/setup dev
	@.venv/bin/python -m pip install --quiet uv
	@.venv/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --no-header --no-annotate --quiet -o requirements.lock
