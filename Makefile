# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The only makefile. `make help` lists what it does.
#
#   make O=build/asan SAN=address,undefined    another build folder, with sanitizers
#   make V=1                                   shows the commands

VERSION = 0.1.0
O ?= build
prefix ?= /usr/local
sbindir ?= $(prefix)/sbin
mandir ?= $(prefix)/share/man
CC ?= gcc
CLANG ?= clang
LLVM_STRIP ?= llvm-strip
BPFTOOL ?= $(or $(shell command -v bpftool),/usr/sbin/bpftool)
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
ifneq ($(V),1)
Q = @
say = @printf '  %-6s %s\n'
else
say = @:
endif

# Two sets of flags that never mix: the packager's reach only the user side.
WARN = -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith -Werror
USER_CPPFLAGS = -Iinclude -Isrc -I$(O) -D_GNU_SOURCE -DBPFMON_VERSION='"$(VERSION)"' $(CPPFLAGS)
USER_CFLAGS = -std=c11 $(WARN) -ffile-prefix-map=$(CURDIR)/= $(CFLAGS) $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
USER_LDFLAGS = $(LDFLAGS) $(if $(SAN),-fsanitize=$(SAN))
LIBS = -pthread $(shell $(PKG_CONFIG) --libs libbpf) -lelf -lz
ARCH = $(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/')
# clang's BPF target does not search the multiarch folder that asm/types.h is in.
MULTIARCH = $(addprefix -I,$(wildcard /usr/include/$(shell uname -m)-linux-gnu))
# -mcpu=v2: 5.10 knows no more that we need. -g: BTF; the DWARF is stripped again.
BPF_CFLAGS = -g -O2 -target bpf -mcpu=v2 -D__TARGET_ARCH_$(ARCH) -Iinclude $(MULTIARCH) \
	-Wall -Wextra -Wno-unused-parameter -Werror -ffile-prefix-map=$(CURDIR)/=

BPFMON_SRC = $(wildcard src/*.c src/*/*.c)
MAPWRITER_SRC = $(wildcard mapwriter/*.c)
BPFMON_OBJ = $(BPFMON_SRC:%.c=$(O)/obj/%.o)
MAPWRITER_OBJ = $(MAPWRITER_SRC:%.c=$(O)/obj/%.o)
SKELETONS = $(O)/bpfmon.skel.h $(O)/mapwriter.skel.h
# What needs no kernel: linked into unit tests and fuzzers.
PURE_OBJ = $(addprefix $(O)/obj/src/,decode.o event.o filter.o holders.o mapids.o maptype.o names.o ownmaps.o pins.o progs.o size.o hooks.o \
	lib/buf.o out/json.o out/text.o out/table.o)
UNIT = $(patsubst tests/unit/%.c,$(O)/tests/unit/%,$(wildcard tests/unit/test_*.c))

all: $(O)/bpfmon $(O)/mapwriter

$(O)/bpfmon: $(BPFMON_OBJ)
	$(say) LD $@
	$(Q)$(CC) $(USER_CFLAGS) $(USER_LDFLAGS) -o $@ $^ $(LIBS)

$(O)/mapwriter: $(MAPWRITER_OBJ)
	$(say) LD $@
	$(Q)$(CC) $(USER_CFLAGS) $(USER_LDFLAGS) -o $@ $^ $(LIBS)

$(O)/obj/%.o: %.c Makefile | $(SKELETONS)
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CPPFLAGS) $(USER_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/obj/src/bpfobj.o: $(O)/bpfmon.skel.h
$(O)/obj/mapwriter/prog_ops.o: $(O)/mapwriter.skel.h

$(O)/%.bpf.o: bpf/%.bpf.c Makefile
	$(say) CLANG $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c -o $@.tmp $<
	$(Q)$(LLVM_STRIP) -g $@.tmp && mv $@.tmp $@

$(O)/%.skel.h: $(O)/%.bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name $(basename $(basename $(notdir $@)))_bpf > $@.tmp && mv $@.tmp $@

# ---- tests ----

$(O)/tests/unit/%: tests/unit/%.c $(PURE_OBJ) Makefile
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CPPFLAGS) $(USER_CFLAGS) $(USER_LDFLAGS) -MMD -MP -o $@ $< $(PURE_OBJ) $(LIBS)

ACTORS = $(patsubst tests/actors/%.c,$(O)/actors/%,$(filter-out %.bpf.c,$(wildcard tests/actors/*.c)))

$(O)/actors/blind: $(O)/actors/blind.skel.h
$(O)/actors/iterate: $(O)/actors/iterate.skel.h
$(O)/actors/missed: $(O)/actors/missed.skel.h
$(O)/actors/storages: $(O)/actors/storages.skel.h
$(O)/actors/structops: $(O)/actors/structops.skel.h
$(O)/actors/writers: $(O)/actors/writers.skel.h

$(O)/actors/%.bpf.o: tests/actors/%.bpf.c $(wildcard tests/actors/*.bpf.h) Makefile
	$(say) CLANG $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(O)/actors/%: tests/actors/%.c tests/actors/mapid.h Makefile
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CPPFLAGS) $(USER_CFLAGS) $(USER_LDFLAGS) -o $@ $< $(LIBS)

unit: $(UNIT)
actors: $(ACTORS) $(O)/actors/pinned.bpf.o

check: all
	$(Q)tests/check $(O)

check-vm: all actors
	$(Q)tests/run $(if $(K),--kernel $(K)) $(if $(T),--test $(T))

selftests: all actors
	$(Q)for k in $(or $(K),6.1 6.12 7.3); do \
		tests/vm/fetch $$k && tests/selftests/fetch $$k && \
		tests/run --kernel $$k --test selftests || exit 1; done

coverage: all
	$(Q)tests/coverage $(K)

fuzz:
	$(Q)tests/fuzz/run $(O) $(or $(SECONDS_EACH),60)

lint:
	$(Q)scripts/lint

bench: all
	$(Q)bench/run $(K)

install: all
	install -D -m 755 $(O)/bpfmon $(DESTDIR)$(sbindir)/bpfmon
	install -D -m 755 $(O)/mapwriter $(DESTDIR)$(sbindir)/mapwriter
	install -D -m 644 man/bpfmon.8 $(DESTDIR)$(mandir)/man8/bpfmon.8
	install -D -m 644 man/mapwriter.8 $(DESTDIR)$(mandir)/man8/mapwriter.8

clean:
	rm -rf $(O)

help:
	@echo 'make                 build $(O)/bpfmon and $(O)/mapwriter'
	@echo 'make check           unit and golden tests under sanitizers, each fuzzer for a while; no root'
	@echo 'make check-vm        live tests on every kernel; K=6.12 one kernel, T=NAME one test'
	@echo 'make coverage        docs/coverage.md anew, from running on every kernel; K=6.12 one kernel'
	@echo 'make selftests       the kernel'"'"'s own map tests under bpfmon; minutes a kernel; K=6.12 one'
	@echo 'make lint            format, lengths, names, man pages, shell scripts'
	@echo 'make fuzz            each fuzzer for SECONDS_EACH (60)'
	@echo 'make bench           what watching costs, in a VM; K=6.12 one kernel'
	@echo 'make install         DESTDIR= prefix=$(prefix)'
	@echo 'make clean           remove $(O)'
	@echo 'Variables: O CC CLANG LLVM_STRIP BPFTOOL PKG_CONFIG CFLAGS LDFLAGS SAN V'

-include $(BPFMON_OBJ:.o=.d) $(MAPWRITER_OBJ:.o=.d) $(O)/bpfmon.bpf.d $(O)/mapwriter.bpf.d $(UNIT:=.d)
.PHONY: all unit actors check check-vm coverage selftests fuzz lint bench install clean help
.DELETE_ON_ERROR:
.SECONDARY:
