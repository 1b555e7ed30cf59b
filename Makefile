# How imapconn is built, tested and installed. `make help` lists what to call.
#
# All that is made stands under build/:
#   deps        static libcurl and Mbed TLS (tools/deps)
#   obj         objects that know no Lua: protocol, mime, transport
#   lua5.4      the binding's objects, and the module as LUA_CPATH wants it
#   c, tools    the C programs that the specs run
# VARIANT=asan, VARIANT=cov and BUNDLED=0 have folders of their own there, with
# the last three in each.

##
## Variables, with their defaults:
## LUA=lua5.4        a command or a path: lua5.3, luajit, /opt/x/bin/lua5.4
LUA = lua5.4
## LUA_INCDIR=       the folder of its lua.h, where it is not found
LUA_INCDIR =
## BUNDLED=1         0 links an installed libcurl and Mbed TLS instead
BUNDLED = 1
## CURL_DIR=         with BUNDLED=0: the prefix that holds libcurl
CURL_DIR =
## MBEDTLS_DIR=      with BUNDLED=0: the prefix that holds Mbed TLS
MBEDTLS_DIR =
## VARIANT=          asan (Address- and UBSanitizer) or cov (gcov)
VARIANT =
## WERROR=           1 makes warnings errors
WERROR =
## PREFIX=/usr/local where to install, below DESTDIR
PREFIX = /usr/local
## SPEC=spec         what to test: a file or a folder
SPEC = spec
## CORPUS=../shared/corpus  recorded responses and messages for the specs
CORPUS = ../shared/corpus
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

SOURCES := $(wildcard csrc/*/*.c)
BINDING_SOURCES := $(filter csrc/binding/%,$(SOURCES))
BINDING := $(BINDING_SOURCES:csrc/%.c=$(LUA_BUILD)/obj/%.o)
CORE_SOURCES := $(filter-out $(BINDING_SOURCES),$(SOURCES))
CORE := $(CORE_SOURCES:csrc/%.c=$(BUILD)/obj/%.o)

C_SPECS := $(patsubst spec/c/%.c,$(BUILD)/c/%,$(wildcard spec/c/*.c))
C_TOOLS := $(patsubst spec/support/%.c,$(BUILD)/tools/%,$(wildcard spec/support/*.c))

# --- What is asked of the machine --------------------------------------------

# Missing packages are installed, and Lua's version and headers found, before
# anything else: make starts anew when lua.mk has changed.
KNOWN_LUAS := lua5.1 lua5.2 lua5.3 lua5.4 luajit
NEEDS := compile deps $(filter $(KNOWN_LUAS),$(LUA))

ifneq ($(filter-out help clean distclean,$(or $(MAKECMDGOALS),all)),)
include $(LUA_BUILD)/lua.mk
endif

$(LUA_BUILD)/lua.mk: FORCE
	mkdir -p $(@D)
	$(if $(filter 0,$(BUNDLED)),,tools/need $(NEEDS))
	CC='$(CC)' LUA_INCDIR='$(LUA_INCDIR)' tools/find-lua '$(LUA)' >$@.new
	cmp -s $@.new $@ && rm $@.new || mv $@.new $@

DEPS := build/deps/lib/libcurl.a
DEPS_CFLAGS := -isystem build/deps/include -DIMAPCONN_BUNDLED=1
DEPS_LIBS := $(addprefix build/deps/lib/lib,curl.a mbedtls.a mbedx509.a mbedcrypto.a)

$(DEPS): $(wildcard tools/deps/*)
	tools/deps/build build/deps

# --- Compiling and linking ---------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -pedantic \
  -Wstrict-prototypes -Wmissing-prototypes $(if $(filter 1,$(WERROR)),-Werror)
VARIANT_asan := -fsanitize=address,undefined -fno-sanitize-recover=undefined \
  -fno-omit-frame-pointer -O1
VARIANT_cov := --coverage -O0
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -fPIC $(WARNINGS) -Icsrc $(DEPS_CFLAGS) \
  $(CFLAGS) $(VARIANT_$(VARIANT)) -MMD -MP -MF $@.d -MT $@

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

$(CORE): $(BUILD)/obj/%.o: csrc/%.c $(DEPS) Makefile
	echo "Compiling $<"
	mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fvisibility=hidden -c -o $@ $<

$(BINDING): $(LUA_BUILD)/obj/%.o: csrc/%.c $(DEPS) $(LUA_BUILD)/lua.mk Makefile
	echo "Compiling $< for Lua $(LUA_VERSION)"
	mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LUA_CFLAGS) -c -o $@ $<

$(MODULE): $(BINDING) $(CORE) tools/exports.map Makefile
	echo "Linking $@"
	mkdir -p $(@D)
	$(CC) $(CFLAGS) $(VARIANT_$(VARIANT)) $(LIBFLAG) $(LINK_FLAGS) -o $@ \
	  $(BINDING) $(CORE) $(DEPS_LIBS) -pthread

$(C_SPECS): $(BUILD)/c/%: spec/c/%.c $(CORE) Makefile
	echo "Building $@"
	mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $< $(CORE) $(DEPS_LIBS) -pthread

$(C_TOOLS): $(BUILD)/tools/%: spec/support/%.c Makefile
	echo "Building $@"
	mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $< -pthread

-include $(addsuffix .d,$(CORE) $(BINDING) $(C_SPECS) $(C_TOOLS))

## env               print LUA_PATH and LUA_CPATH: eval "$(make -s env)"
.PHONY: env
env: LUA_PATH = $(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;
env: LUA_CPATH = $(CURDIR)/$(LUA_BUILD)/?.so;;
env:
	echo "export LUA_PATH='$(LUA_PATH)'"
	echo "export LUA_CPATH='$(LUA_CPATH)'"

## clean             remove what was built, but for the dependencies
.PHONY: clean
clean:
	rm -rf $(filter-out build/deps,$(wildcard build/*))

## distclean         remove all that was built or fetched
.PHONY: distclean
distclean:
	rm -rf build

## help              print this
.PHONY: help
help:
	echo "make [TARGET] [VARIABLE=value]"
	sed -n 's/^## \{0,1\}//p' Makefile
