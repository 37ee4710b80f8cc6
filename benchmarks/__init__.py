"""How fast and how exact the assistant is on this machine; `python -m benchmarks --help`."""
