# make test and make demo set up a fresh Debian machine by themselves; see README.md.

PREFIX = /usr
SETUP = packaging/setup.sh
SOURCES = $(shell find src -name '*.ts') $(wildcard packaging/*.mjs packaging/runtime-pages/*) package.json package-lock.json
DOCUMENTATION = $(wildcard packaging/documentation/*.ts) CHANGELOG.md

VERSION := $(shell sed -n 's/.*"version": "\(.*\)",/\1/p' package.json)
# Of the packages, as Debian calls them: amd64 or arm64. Either can be made on either.
ARCHITECTURE ?= $(MACHINE)
MACHINE := $(patsubst x86_64,amd64,$(patsubst aarch64,arm64,$(shell uname -m)))
# The executable for that architecture.
EXECUTABLE = $(if $(filter $(MACHINE),$(ARCHITECTURE)),dist/gandi,dist/$(ARCHITECTURE)/gandi)
RPM_ARCHITECTURE = $(patsubst amd64,x86_64,$(patsubst arm64,aarch64,$(ARCHITECTURE)))
DEB = dist/gandi-guest_$(VERSION)_$(ARCHITECTURE).deb
RPM = dist/gandi-guest-$(VERSION)-1.$(RPM_ARCHITECTURE).rpm
HOST_DEB = dist/gandi-host_$(VERSION)_$(ARCHITECTURE).deb
HOST_RPM = dist/gandi-host-$(VERSION)-1.$(RPM_ARCHITECTURE).rpm
# What packaging/install.sh installs beside the programs, and how it is packed.
INSTALLED = $(shell find autofs etc kernel packaging udev units -type f) README.md COPYING

.PHONY: build docs generated install install-host deb rpm guest-deb guest-rpm lint types unit packages host host-guests guest long properties test demo bench audit clean
.DELETE_ON_ERROR:

build: dist/gandi.cjs docs

dist/gandi.cjs: $(SOURCES)
	PROFILE= $(SETUP) node packaging/build.mjs

# Manual pages and completions, from the same definitions as the programs. The build of the programs empties dist.
docs: dist/man

dist/man: dist/gandi.cjs $(DOCUMENTATION)
	$(SETUP) node packaging/run-ts.mjs packaging/documentation/build.ts dist

# Files of the repository that are made from definitions in the source; a unit test says when they are out of date.
generated:
	$(SETUP) node packaging/run-ts.mjs packaging/documentation/generated.ts

# The second is for another machine than this one.
dist/gandi: dist/gandi.cjs

dist/$(ARCHITECTURE)/gandi: dist/gandi.cjs
	$(SETUP) sh -c 'TARGET_BUN=$$(packaging/target-bun.sh $(ARCHITECTURE)) && export TARGET_BUN && \
	  node packaging/build.mjs dist/$(ARCHITECTURE)'

deb: guest-deb $(HOST_DEB)
rpm: guest-rpm $(HOST_RPM)
guest-deb: $(DEB)
guest-rpm: $(RPM)

$(DEB): $(EXECUTABLE) dist/man $(INSTALLED)
	NEEDS='dpkg-buildpackage=dpkg-dev dh=debhelper' EXECUTABLE=$(EXECUTABLE) \
	  $(SETUP) packaging/make-deb.sh $(ARCHITECTURE)

$(HOST_DEB): $(EXECUTABLE) dist/man $(INSTALLED)
	NEEDS='dpkg-buildpackage=dpkg-dev dh=debhelper' EXECUTABLE=$(EXECUTABLE) \
	  $(SETUP) packaging/make-deb.sh $(ARCHITECTURE) gandi-host

$(HOST_RPM): $(EXECUTABLE) dist/man $(INSTALLED)
	NEEDS='rpmbuild=rpm' EXECUTABLE=$(EXECUTABLE) $(SETUP) packaging/make-rpm.sh $(ARCHITECTURE) gandi-host

$(RPM): $(EXECUTABLE) dist/man $(INSTALLED)
	NEEDS='rpmbuild=rpm' EXECUTABLE=$(EXECUTABLE) $(SETUP) packaging/make-rpm.sh $(ARCHITECTURE)

install: dist/gandi.cjs dist/man
	DESTDIR='$(DESTDIR)' packaging/install.sh '$(PREFIX)'

install-host: dist/gandi.cjs dist/man
	DESTDIR='$(DESTDIR)' packaging/host/install.sh '$(PREFIX)'

# Each suite alone, or all of them; the last line is "N passed, N failed".
lint types packages guest long properties:
	@$(SETUP) node test/run.mjs $@

# Some unit tests run the program.
unit: build
	@$(SETUP) node test/run.mjs $@

# They run the executable.
host host-guests: build
	@$(SETUP) node test/run.mjs $@

test:
	@$(SETUP) node test/run.mjs

# GANDI_DEMO=libvirt shows a disposable guest of gandi-host.
demo: build
	@$(SETUP) node packaging/run-ts.mjs test/$(if $(filter libvirt,$(GANDI_DEMO)),host-guests,guest)/demo.ts

ifeq ($(HOST),1)
# gandi-host beside what libvirt and virt-install have for it: bench/ordered-start.ts, bench/disposable-job.ts.
bench: build
	@$(SETUP) node packaging/run-ts.mjs bench/ordered-start.ts
	@$(SETUP) node packaging/run-ts.mjs bench/disposable-job.ts
else ifeq ($(PROFILE),1)
# What the pieces of a first boot cost, by marks in an executable of its own: bench/profile.ts.
bench: build
	$(SETUP) node packaging/build.mjs dist/profile
	@$(SETUP) node packaging/run-ts.mjs bench/profile.ts
else ifeq ($(SCALE),1)
# How the cost grows with users and user-data: bench/scale.ts.
bench: build
	@$(SETUP) node packaging/run-ts.mjs bench/scale.ts
else
# Parsers are measured by what they withstand: 10,000 inputs for each of their properties.
# The packages, for their sizes.
bench: build deb rpm properties
	@$(SETUP) node packaging/run-ts.mjs bench/run.ts
endif

# Fails for a known advisory. No part of the tests: it needs the registry's own list, which a mirror may not have.
audit:
	@$(SETUP) npm audit

clean:
	rm -rf dist coverage
