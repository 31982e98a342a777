# Aliases of dev.py, which needs no make: python3 dev.py --help
PYTHON ?= python3

.PHONY: run test setup lint types lock ci
run test setup lint types lock:
	$(PYTHON) dev.py $@

ci:
	bash .ci/run
