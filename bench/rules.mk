# How the bench is built and run: included by the Makefile.
#
# Under build/bench: the floors and the clients in C and Go, imapflow.

BENCH := $(BUILD)/bench

$(BENCH)/measure: bench/measure.c Makefile bench/rules.mk
	mkdir -p $(@D)
	$(CC) -std=c11 -O2 $(WARNINGS) -o $@ $<

$(BENCH)/floor: bench/floor/floor.c bench/floor/wire.c bench/floor/wire.h bench/rules.mk
	mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -O2 $(WARNINGS) -o $@ $(filter %.c,$^)

BENCH_PROGRAMS := $(addprefix $(BENCH)/,measure floor)

## bench             measure imapconn beside its peers; with ONLY=listing, one
##                   workload; with RUNS=9, more often
.PHONY: bench
bench: $(MODULE) $(BENCH_PROGRAMS)
	tools/need bench
	$(RUN_ENV) LUA_PATH='$(CURDIR)/?.lua;$(RUN_PATH)' $(LUA) bench/run.lua
