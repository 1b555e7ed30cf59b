# How the bench is built and run: included by the Makefile.
#
# Under build/bench: the floors and the clients in C and Go, imapflow.

BENCH := $(BUILD)/bench
BENCH_CC = $(CC) -std=c11 -D_GNU_SOURCE -O2 $(WARNINGS)

$(BENCH)/measure: bench/measure.c bench/rules.mk
	mkdir -p $(@D)
	$(BENCH_CC) -o $@ $<

$(BENCH)/floor: bench/floor/floor.c bench/floor/wire.c bench/floor/wire.h bench/rules.mk
	mkdir -p $(@D)
	$(BENCH_CC) -o $@ $(filter %.c,$^)

TABLES := $(addprefix bench/floor/,tables.c text.c wire.c)
$(BENCH)/tables.so: $(TABLES) bench/floor/text.h bench/floor/wire.h bench/rules.mk
	mkdir -p $(@D)
	$(BENCH_CC) -fPIC -shared $(LUA_CFLAGS) -o $@ $(TABLES)

BENCH_PROGRAMS := $(addprefix $(BENCH)/,measure floor tables.so)

## bench             measure imapconn beside its peers; with ONLY=listing, one
##                   workload; with RUNS=9, more often
.PHONY: bench
bench: $(MODULE) $(BENCH_PROGRAMS)
	tools/need bench
	$(RUN_ENV) LUA_PATH='$(CURDIR)/?.lua;$(RUN_PATH)' \
	  LUA_CPATH='$(CURDIR)/$(BENCH)/?.so;$(RUN_CPATH)' $(LUA) bench/run.lua
