# The two commands a newcomer needs: make quickstart, make test.
#
# CORES bounds parallel work; the default is all cores of this machine.
CORES ?= $(shell nproc)
# Clones in different folders share what ccache has.
export CCACHE_BASEDIR := $(CURDIR)
BUILD := build/release
DORMOUSE := $(BUILD)/bin/dormouse

.PHONY: quickstart build setup test unit bench format clean

quickstart: build  ## the first experiment, from a fresh clone to a report
	$(DORMOUSE) run recipes/quickstart.yaml --out runs/quickstart

setup:
	scripts/setup

build: setup
	@mkdir -p build
	@test -f $(BUILD)/build.ninja || cmake --preset release -DDORMOUSE_TESTS=OFF > build/release.log 2>&1 || { cat build/release.log; exit 1; }
	ninja -C $(BUILD) -j $(CORES) dormouse

test:  ## every tier that this machine can run
	scripts/test

unit:  ## the tests that need no model, in under a minute
	scripts/test unit

bench: build  ## speed beside TRL, transformers and llama.cpp, into bench/RESULTS.md
	python3 bench/run.py

format:
	git ls-files '*.h' '*.cpp' | xargs clang-format -i

clean:
	rm -rf build
