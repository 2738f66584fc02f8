# make test and make demo set up a fresh Debian machine by themselves; see README.md.

PREFIX = /usr
SETUP = packaging/setup.sh
SOURCES = $(shell find src -name '*.ts') $(wildcard packaging/*.mjs) package.json package-lock.json

DOCUMENTATION = $(wildcard packaging/documentation/*.ts) CHANGELOG.md

.PHONY: build docs generated install lint types unit guest properties test demo bench clean
.DELETE_ON_ERROR:

build: dist/gandi.cjs docs

dist/gandi.cjs: $(SOURCES)
	$(SETUP) node packaging/build.mjs

# Manual pages and completions, from the same definitions as the programs. The build of the programs empties dist.
docs: dist/man

dist/man: dist/gandi.cjs $(DOCUMENTATION)
	$(SETUP) node packaging/run-ts.mjs packaging/documentation/build.ts dist

# Files of the repository that are made from definitions in the source; a unit test says when they are out of date.
generated:
	$(SETUP) node packaging/run-ts.mjs packaging/documentation/generated.ts

install: dist/gandi.cjs dist/man
	DESTDIR='$(DESTDIR)' packaging/install.sh '$(PREFIX)'

# Each suite alone, or all of them; the last line is "N passed, N failed".
lint types guest properties:
	@$(SETUP) node test/run.mjs $@

# Some unit tests run the program.
unit: build
	@$(SETUP) node test/run.mjs $@

test:
	@$(SETUP) node test/run.mjs

demo: build
	@$(SETUP) node packaging/run-ts.mjs test/guest/demo.ts

# Parsers are measured by what they withstand: 10,000 inputs for each of their properties.
bench: build properties
	@$(SETUP) node packaging/run-ts.mjs bench/run.ts

clean:
	rm -rf dist coverage
