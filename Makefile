# How imapconn is built, tested and installed. `make help` lists what to call.
#
# All that is made stands under build/:
#   deps        static libcurl and Mbed TLS (tools/deps)
#   deps-tsan   the same and Lua, under ThreadSanitizer
#   obj         objects that know no Lua: protocol, mime, transport
#   lua5.4      the binding's objects, and the module as LUA_CPATH wants it; for
#               another Lua a folder with the last part of its name
#   c, tools    the C programs that the specs run
#   fuzz        the fuzz targets, with what they learnt and found
# VARIANT=asan, VARIANT=cov and BUNDLED=0 have folders of their own there, with
# the last three in each.

##
## Variables, with their defaults:
## LUA=lua5.4        a command or a path: lua5.1, lua5.2, lua5.3, lua5.4, luajit,
##                   /opt/x/bin/lua5.4
LUA = lua5.4
## LUA_INCDIR=       the folder of its lua.h, where it is not found
LUA_INCDIR =
## BUNDLED=1         0 links an installed libcurl and Mbed TLS instead
BUNDLED = 1
## CURL_DIR=         with BUNDLED=0: the prefix that holds libcurl
CURL_DIR =
## MBEDTLS_DIR=      with BUNDLED=0: the prefix that holds Mbed TLS
MBEDTLS_DIR =
## VARIANT=          asan (Address- and UBSanitizer), tsan (ThreadSanitizer, for
##                   `make threads`) or cov (gcov)
VARIANT =
## WERROR=           1 makes warnings errors
WERROR =
## PREFIX=/usr/local where to install, below DESTDIR
PREFIX = /usr/local
## SPEC=spec         what to test: a file or a folder
SPEC = spec
SPEC_NAMES = _spec%.lua$$
## EXCLUDE=          tags of specs to leave out: cyrus, courier, or timing for what
##                   wants the machine for itself (with commas between them)
EXCLUDE =
## CORPUS=           recorded replies and messages (by default ../shared/corpus)
CORPUS ?= ../shared/corpus
## SECONDS=60        how long each fuzz target runs
SECONDS = 60
## V=                1 shows the commands

CFLAGS = -O2 -g
LIBFLAG = -shared
LUADIR = $(PREFIX)/share/lua/$(LUA_VERSION)
LIBDIR = $(PREFIX)/lib/lua/$(LUA_VERSION)
DOCDIR = $(PREFIX)/share/doc/imapconn

$(V).SILENT:
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: FORCE

# --- Where things are --------------------------------------------------------

BUILD := build$(if $(filter 0,$(BUNDLED)),/system)$(VARIANT:%=/%)
LUA_BUILD := $(BUILD)/$(notdir $(LUA))
MODULE := $(LUA_BUILD)/imapconn/core.so

TSAN := $(filter tsan,$(VARIANT))

SOURCES := $(wildcard csrc/*/*.c)
BINDING_SOURCES := $(filter csrc/binding/%,$(SOURCES))
BINDING := $(BINDING_SOURCES:csrc/%.c=$(LUA_BUILD)/obj/%.o)
CORE_SOURCES := $(filter-out $(BINDING_SOURCES),$(SOURCES))
CORE := $(CORE_SOURCES:csrc/%.c=$(BUILD)/obj/%.o)

C_SPECS := $(patsubst spec/c/%.c,$(BUILD)/c/%,$(wildcard spec/c/*.c))
C_TOOLS := $(patsubst spec/support/%.c,$(BUILD)/tools/%,$(wildcard spec/support/*.c))

# --- What is asked of the machine --------------------------------------------

# Missing packages are installed, and Lua's version and headers found, before
# anything else: make starts anew when lua.mk or deps.mk has changed.
# Of several makes at once, each writes a file of its own.
REFRESH = >$@.$$$$ && if cmp -s $@.$$$$ $@; then rm $@.$$$$; else mv $@.$$$$ $@; fi
KNOWN_LUAS := lua5.1 lua5.2 lua5.3 lua5.4 luajit
NEEDS := compile deps $(filter $(KNOWN_LUAS),$(LUA))

ifneq ($(filter-out help clean distclean,$(or $(MAKECMDGOALS),all)),)
include $(LUA_BUILD)/lua.mk $(if $(filter 0,$(BUNDLED)),$(BUILD)/deps.mk)
endif

$(LUA_BUILD)/lua.mk: FORCE
	$(if $(filter 0,$(BUNDLED)),,tools/need $(NEEDS))
	mkdir -p $(@D)
	CC='$(CC)' LUA_INCDIR='$(LUA_INCDIR)' tools/find-lua '$(LUA)' $(REFRESH)

ifeq ($(BUNDLED),0)
DEPS := $(BUILD)/deps.mk
$(DEPS): FORCE
	mkdir -p $(@D)
	CC='$(CC)' CURL_DIR='$(CURL_DIR)' MBEDTLS_DIR='$(MBEDTLS_DIR)' tools/deps/system $(REFRESH)
else
DEPS_DIR := build/deps$(if $(TSAN),-tsan)
DEPS_CC = $(CC) $(if $(TSAN),$(VARIANT_tsan))
DEPS := $(DEPS_DIR)/lib/libcurl.a
DEPS_CFLAGS := -isystem $(DEPS_DIR)/include -DIMAPCONN_BUNDLED=1
DEPS_LIBS := $(addprefix $(DEPS_DIR)/lib/lib,curl.a mbedtls.a mbedx509.a mbedcrypto.a) -l:libz.a
$(DEPS): $(wildcard tools/deps/*)
	CC='$(DEPS_CC)' tools/deps/build $(DEPS_DIR)
endif

# --- Compiling and linking ---------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -pedantic \
  -Wstrict-prototypes -Wmissing-prototypes $(if $(filter 1,$(WERROR)),-Werror)
VARIANT_asan := -fsanitize=address,undefined -fno-sanitize-recover=undefined \
  -fno-omit-frame-pointer -O1
VARIANT_tsan := -fsanitize=thread
VARIANT_cov := --coverage -O0
LANGUAGE = -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Icsrc $(DEPS_CFLAGS)
# All is bound when the module is loaded (-z now): without a PLT a call of Lua's
# is one jump less, and of a listed message's 300 each.
ALL_CFLAGS = $(LANGUAGE) -fPIC -fno-plt $(WARNINGS) $(CFLAGS) $(VARIANT_$(VARIANT)) \
  -MMD -MP -MF $@.d -MT $@

# Nothing but luaopen_* is visible, so that nothing collides with the host's
# TLS; the code stays mapped, because a resolver thread may outlive its state.
LINK_FLAGS := -Wl,--version-script=tools/exports.map -Wl,--gc-sections \
  -Wl,--as-needed -Wl,-z,nodelete -Wl,-z,relro -Wl,-z,now

.DEFAULT_GOAL := all
##
## Targets:
## all               build the module (the default)
.PHONY: all
all: $(MODULE)

## all-luas          build it for each Lua of Debian's: 5.1 to 5.4 and LuaJIT
.PHONY: all-luas
all-luas:
	for lua in $(KNOWN_LUAS); do $(MAKE) --no-print-directory LUA=$$lua || exit; done

$(CORE): $(BUILD)/obj/%.o: csrc/%.c $(DEPS) Makefile
	echo "Compiling $<"
	mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fvisibility=hidden -c -o $@ $<

$(BINDING): $(LUA_BUILD)/obj/%.o: csrc/%.c $(DEPS) $(LUA_BUILD)/lua.mk Makefile
	echo "Compiling $< for Lua $(LUA_VERSION)"
	mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LUA_CFLAGS) -c -o $@ $<

$(BUILD)/core.a: $(CORE)
	rm -f $@
	$(AR) rcs $@ $^

$(MODULE): $(BINDING) $(BUILD)/core.a tools/exports.map Makefile
	echo "Linking $@"
	mkdir -p $(@D)
	$(CC) $(CFLAGS) $(VARIANT_$(VARIANT)) $(LIBFLAG) $(LINK_FLAGS) -o $@ \
	  $(BINDING) $(BUILD)/core.a $(DEPS_LIBS) -pthread

# In a torture each allocation fails once: failing.h stands in for malloc.
TORTURE := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free
$(BUILD)/c/torture_test $(BUILD)/c/wipe_test: C_SPEC_FLAGS := $(TORTURE)
$(BUILD)/c/scram_test: C_SPEC_FLAGS := -Wl,--wrap=imap_random,--wrap=imap_hash_size
$(BUILD)/c/sessions_test: C_SPEC_FLAGS := -Wl,--wrap=curl_share_init,--wrap=curl_share_cleanup
$(BUILD)/c/settings_test: C_SPEC_FLAGS := -Wl,--wrap=curl_easy_setopt \
  -Wl,--wrap=mbedtls_ssl_conf_cert_profile,--wrap=mbedtls_ssl_conf_renegotiation
$(C_SPECS): $(BUILD)/c/%: spec/c/%.c $(BUILD)/core.a Makefile
	echo "Building $@"
	mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $< $(BUILD)/core.a $(DEPS_LIBS) $(C_SPEC_FLAGS) -pthread

# Hosts of Lua: 5.4, where it has a package that says how it is linked. These hold
# the module in themselves; under ThreadSanitizer a Lua of their own, too.
HOSTS := $(if $(filter lua5.4,$(LUA)),$(LUA_BUILD))
EMBEDDED := $(if $(HOSTS),$(addprefix $(HOSTS)/,torture threads signals forks))
$(LUA_BUILD)/torture: EMBED_FLAGS := $(TORTURE)
LUA_LIBS = $$(pkg-config --libs $(LUA))
ifneq ($(TSAN),)
TSAN_LUA := $(DEPS_DIR)/lib/liblua.a
LUA_CFLAGS := -isystem $(DEPS_DIR)/include
LUA_LIBS := $(TSAN_LUA) -ldl -lm
$(TSAN_LUA): tools/build-lua $(DEPS)
	CC='$(DEPS_CC)' tools/build-lua $(DEPS_DIR)
$(BINDING): $(TSAN_LUA)
endif
$(EMBEDDED): $(LUA_BUILD)/%: spec/embed/%.c $(BINDING) $(BUILD)/core.a $(TSAN_LUA) Makefile
	echo "Building $@"
	$(CC) $(ALL_CFLAGS) $(LUA_CFLAGS) $(EMBED_FLAGS) -o $@ $< $(BINDING) \
	  $(BUILD)/core.a $(DEPS_LIBS) $(LUA_LIBS) -pthread

# These load it: spec/embed/reload.c, and an example with a libcurl of its own.
# That is the system's, on OpenSSL, linked by its file's name, because of Debian's
# packages with a libcurl.so only one can be installed.
LOADING := $(if $(HOSTS),$(addprefix $(HOSTS)/,reload embed))
$(LUA_BUILD)/embed: HOST_LIBS := -l:libcurl.so.4
$(LUA_BUILD)/embed: examples/embed/embed.c
$(LUA_BUILD)/reload: spec/embed/reload.c
$(LOADING): $(DEPS) $(LUA_BUILD)/lua.mk Makefile
	tools/need embed
	echo "Building $@"
	$(CC) $(ALL_CFLAGS) $(LUA_CFLAGS) -o $@ $(filter %.c,$^) $(LUA_LIBS) $(HOST_LIBS)

$(BUILD)/tools/deflate: C_TOOL_LIBS := -lz
$(C_TOOLS): $(BUILD)/tools/%: spec/support/%.c Makefile
	echo "Building $@"
	mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $< $(C_TOOL_LIBS) -pthread

-include $(addsuffix .d,$(CORE) $(BINDING) $(C_SPECS) $(C_TOOLS) $(EMBEDDED) $(LOADING))

# --- Testing -----------------------------------------------------------------

# The sanitizers' library has to be there before Lua is, and only there.
LUA_COMMAND := $(if $(findstring /,$(LUA)),$(abspath $(LUA)),$(LUA))
RUN_LUA := $(if $(filter asan,$(VARIANT)),$(CURDIR)/$(BUILD)/tools/lua,$(LUA_COMMAND))
$(BUILD)/unpreload.so: tools/unpreload.c
	$(CC) -shared -fPIC -o $@ $<
$(BUILD)/tools/lua: $(BUILD)/unpreload.so $(LUA_BUILD)/lua.mk Makefile
	mkdir -p $(@D)
	printf '#!/bin/sh\nLD_PRELOAD="%s %s" exec %s "$$@"\n' \
	  "$$($(CC) -print-file-name=libasan.so)" '$(CURDIR)/$<' '$(LUA_COMMAND)' >$@
	chmod +x $@

RUN_PATH := $(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;
RUN_CPATH := $(CURDIR)/$(LUA_BUILD)/?.so;;
RUN_ENV = LUA_PATH='$(RUN_PATH)' LUA_CPATH='$(RUN_CPATH)' LUA='$(RUN_LUA)' \
  IMAPCONN_BUILD='$(CURDIR)/$(BUILD)' IMAPCONN_VARIANT='$(VARIANT)' \
  IMAPCONN_HOSTS='$(HOSTS:%=$(CURDIR)/%)' CORPUS='$(realpath $(CORPUS))'
BUSTED = $$(command -v busted)

## demo              run all twelve actions against a private Dovecot; with
##                   IMAP_HOST=... IMAP_USERNAME=... the harmless ones on yours
.PHONY: demo
demo: $(MODULE)
	tools/need demo
	$(RUN_ENV) sh tools/demo.sh

## demo-embed        a C program with the module and a libcurl of its own, both on
##                   that Dovecot, or on your account
.PHONY: demo-embed
demo-embed: $(MODULE) $(LUA_BUILD)/embed
	tools/need demo
	$(RUN_ENV) sh tools/demo.sh $(LUA_BUILD)/embed examples/embed/mailboxes.lua

## demo-web          a mail reader in the browser, before a private Dovecot
.PHONY: demo-web test-web
demo-web: $(MODULE)
	tools/need demo luajit
	$(RUN_ENV) sh tools/demo-web.sh

## test-web          try that mail reader in headless Chromium
test-web:
	tools/need luajit web
	$(MAKE) test SPEC=spec/web SPEC_NAMES='_web%.lua$$'

## test              run the specs, or those that SPEC names
.PHONY: test test-programs
test-programs: $(MODULE) $(C_SPECS) $(C_TOOLS) $(EMBEDDED) $(LOADING) $(filter %/tools/lua,$(RUN_LUA:$(CURDIR)/%=%))
test: test-programs
	tools/need test
	$(RUN_ENV) $(RUN_LUA) $(BUSTED) --helper=spec/support/helper.lua \
	  -o spec/support/output.lua --pattern='$(SPEC_NAMES)' \
	  $(if $(EXCLUDE),--exclude-tags=$(EXCLUDE)) $(SPEC)

## threads           run the threads of row H8 under ThreadSanitizer
.PHONY: threads
threads:
	$(MAKE) VARIANT=tsan build/tsan/lua5.4/threads
	IMAPCONN_THREADS=build/tsan/lua5.4/threads $(MAKE) test SPEC=spec/threats/threads_spec.lua

## coverage          run the specs with VARIANT=cov, and print the lines covered
.PHONY: coverage
coverage:
	rm -f $$(find build/cov -name '*.gcda' 2>/dev/null) build/cov/luacov.*
	$(MAKE) VARIANT=cov test
	tools/coverage build/cov

## fuzz              run the fuzz targets side by side, each for SECONDS
FUZZ := build/fuzz
FUZZ_TARGETS := $(patsubst spec/fuzz/%.c,%,$(wildcard spec/fuzz/*.c))
FUZZ_SOURCES := $(filter-out csrc/transport/% csrc/protocol/random.c,$(CORE_SOURCES))
FUZZ_CFLAGS := -g -Ispec/c $(VARIANT_asan)
.PHONY: fuzz
fuzz: $(FUZZ_TARGETS:%=$(FUZZ)/%)
	rm -rf $(FUZZ)/seeds
	$(LUA) spec/fuzz/seeds.lua $(FUZZ)/seeds '$(CORPUS)'
	tools/fuzz $(FUZZ) $(SECONDS) $(FUZZ_TARGETS)

.PHONY: fuzz-needs
fuzz-needs:
	tools/need fuzz
$(FUZZ)/core.a: $(FUZZ_SOURCES:csrc/%.c=$(FUZZ)/obj/%.o)
	rm -f $@
	$(AR) rcs $@ $^
$(FUZZ)/obj/%.o: csrc/%.c $(DEPS) Makefile | fuzz-needs
	mkdir -p $(@D)
	clang $(LANGUAGE) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -MF $@.d -MT $@ -c -o $@ $<
$(FUZZ_TARGETS:%=$(FUZZ)/%): $(FUZZ)/%: spec/fuzz/%.c $(FUZZ)/core.a spec/fuzz/fuzz.h Makefile
	echo "Building $@"
	clang $(LANGUAGE) $(WARNINGS) $(FUZZ_CFLAGS) -fsanitize=fuzzer -MMD -MP -MF $@.d -MT $@ \
	  -o $@ $< $(FUZZ)/core.a $(DEPS_LIBS) -pthread
-include $(addsuffix .d,$(FUZZ_SOURCES:csrc/%.c=$(FUZZ)/obj/%.o) $(FUZZ_TARGETS:%=$(FUZZ)/%))

## instructions      count what listing one message takes, beside what is recorded;
##                   with RECORD=1, record it
.PHONY: instructions
instructions: $(MODULE)
	tools/need instructions
	$(RUN_ENV) LUA_PATH='$(CURDIR)/?.lua;$(RUN_PATH)' bench/instructions $(if $(filter 1,$(RECORD)),record)

include bench/rules.mk

## lint              check the source with all that can (see tools/lint)
LINTS := lua sh house gcc clang cppcheck clang-tidy symbols
.PHONY: lint $(LINTS:%=lint-%)
lint: $(LINTS:%=lint-%)
$(LINTS:%=lint-%): lint-needs
lint-needs:
	tools/need lint
lint-lua:
	luacheck --quiet $(wildcard lua spec tools examples bench)
lint-sh:
	shellcheck --severity=warning .ci/run $$(git grep -lE '^#!/bin/(ba)?sh' tools spec bench)
lint-house:
	$(LUA) tools/lint/house.lua
lint-gcc lint-clang: lint-%: $(DEPS)
	$(MAKE) VARIANT=$* CC=$* WERROR=1 test-programs
lint-cppcheck:
	cppcheck --quiet --std=c11 --enable=warning,performance,portability \
	  --inline-suppr --error-exitcode=1 -Icsrc csrc spec/c spec/support
lint-clang-tidy: $(DEPS)
	printf '%s\n' $(SOURCES) | xargs -P "$$(nproc)" -I FILE \
	  clang-tidy --quiet FILE -- $(LANGUAGE) $(LUA_CFLAGS) 2>/dev/null
lint-symbols: $(MODULE)
	tools/lint/symbols $(MODULE)

# --- Living with it ----------------------------------------------------------

## docs              render docs/reference.md from the annotations
.PHONY: docs
docs:
	$(RUN_ENV) $(RUN_LUA) tools/docs.lua

## install           install below PREFIX, for this version of Lua
.PHONY: install
LUA_FILES := $(patsubst lua/%,%,$(wildcard lua/imapconn/*.lua lua/imapconn/*/*.lua))
LICENSES = LICENSE $(if $(filter 0,$(BUNDLED)),,$(wildcard build/deps/licenses/*))
install: $(MODULE)
	for file in $(LUA_FILES); do \
	  install -D -m 644 lua/$$file '$(DESTDIR)$(LUADIR)'/$$file || exit; \
	done
	install -D $(MODULE) '$(DESTDIR)$(LIBDIR)'/imapconn/core.so
	mkdir -p '$(DESTDIR)$(DOCDIR)'
	install -m 644 $(LICENSES) '$(DESTDIR)$(DOCDIR)'

## uninstall         remove what `make install` installed
.PHONY: uninstall
uninstall:
	rm -rf '$(DESTDIR)$(LUADIR)/imapconn' '$(DESTDIR)$(LIBDIR)/imapconn' '$(DESTDIR)$(DOCDIR)'

## env               print LUA_PATH and LUA_CPATH: eval "$(make -s env)"
.PHONY: env
env:
	echo "export LUA_PATH='$(RUN_PATH)'"
	echo "export LUA_CPATH='$(RUN_CPATH)'"

## clean             remove what was built, but for the dependencies
.PHONY: clean
clean:
	rm -rf $(filter-out build/deps build/deps-tsan build/servers,$(wildcard build/*))

## distclean         remove all that was built or fetched
.PHONY: distclean
distclean:
	rm -rf build

## help              print this
.PHONY: help
help:
	echo "make [TARGET] [VARIABLE=value]"
	sed -n 's/^## \{0,1\}//p' Makefile
