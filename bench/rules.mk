# How the bench is built and run: included by the Makefile.
#
# Under build/bench: the floors and the clients in C and Go, imapflow.

BENCH := $(BUILD)/bench
BENCH_CC = $(CC) -std=c11 -D_GNU_SOURCE -O2 $(WARNINGS) -o $@ $(filter %.c,$^)
FLOOR := bench/floor/floor.c bench/floor/wire.c bench/floor/wire.h bench/floor/link.h
TABLES := $(addprefix bench/floor/,tables.c text.c wire.c socket.c)

$(BENCH)/measure: bench/measure.c
	$(BENCH_CC)
$(BENCH)/floor: $(FLOOR) bench/floor/socket.c
	$(BENCH_CC)
$(BENCH)/floor-curl $(BENCH)/floor-mbedtls: $(BENCH)/floor-%: $(FLOOR) bench/floor/%.c $(DEPS)
	$(BENCH_CC) $(DEPS_CFLAGS) $(DEPS_LIBS) -pthread
$(BENCH)/tables.so: $(TABLES) $(wildcard bench/floor/*.h)
	$(BENCH_CC) -fPIC -shared $(LUA_CFLAGS)

# The peers: what cannot be built is missing, and the bench says so.
$(BENCH)/etpan: bench/clients/etpan.c bench/clients/etpan_listing.c bench/clients/etpan.h
	-$(BENCH_CC) -letpan
$(BENCH)/goimap: bench/clients/goimap.go
	-GO111MODULE=off GOPATH=/usr/share/gocode go build -o $@ $<
$(BENCH)/node_modules: bench/rules.mk
	-npm install --prefix $(@D) --no-audit --no-fund --silent imapflow@2.10.2
	touch -c $@

BENCH_PROGRAMS := $(addprefix $(BENCH)/,measure floor floor-curl floor-mbedtls tables.so etpan goimap node_modules)
$(BENCH_PROGRAMS): bench/rules.mk | bench-needs
.PHONY: bench bench-needs
bench-needs:
	tools/need bench
	mkdir -p $(BENCH) bench/plots

## bench             measure imapconn beside its peers; with ONLY=listing, one
##                   workload; with RUNS=9, more often
bench: $(MODULE) $(BENCH_PROGRAMS)
	$(RUN_ENV) LUA_PATH='$(CURDIR)/?.lua;$(RUN_PATH)' \
	  LUA_CPATH='$(CURDIR)/$(BENCH)/?.so;$(RUN_CPATH)' $(LUA) bench/run.lua
