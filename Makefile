# make test and make demo set up a fresh Debian machine by themselves; see README.md.

PREFIX = /usr
SETUP = packaging/setup.sh
SOURCES = $(shell find src -name '*.ts') $(wildcard packaging/*.mjs) package.json package-lock.json

.PHONY: build install lint types unit guest test demo bench clean
.DELETE_ON_ERROR:

build: dist/gandi.cjs

dist/gandi.cjs: $(SOURCES)
	$(SETUP) node packaging/build.mjs

install: dist/gandi.cjs
	DESTDIR='$(DESTDIR)' packaging/install.sh '$(PREFIX)'

# Each suite alone, or all of them; the last line is "N passed, N failed".
lint types unit guest:
	@$(SETUP) node test/run.mjs $@

test:
	@$(SETUP) node test/run.mjs

demo: build
	@$(SETUP) node packaging/run-ts.mjs test/guest/demo.ts

bench: build
	@$(SETUP) node packaging/run-ts.mjs bench/run.ts

clean:
	rm -rf dist coverage
