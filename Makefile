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
sysconfdir ?= /etc
unitdir ?= $(prefix)/lib/systemd/system
sysusersdir ?= $(prefix)/lib/sysusers.d
bashdir ?= $(prefix)/share/bash-completion/completions
zshdir ?= $(prefix)/share/zsh/site-functions
fishdir ?= $(prefix)/share/fish/vendor_completions.d
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
# C throws nothing, and a debugger has its own tables: those of the program itself are 50 KB.
USER_CFLAGS = -std=c11 $(WARN) -fno-asynchronous-unwind-tables -ffile-prefix-map=$(CURDIR)/= $(CFLAGS) $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
USER_LDFLAGS = $(LDFLAGS) $(if $(SAN),-fsanitize=$(SAN))
# What some commands and outputs need, and the static file never has: where one is not installed, or
# with OPTIONAL=, src/without/ says so in place of the sources that need it.
LEAVABLE = sqlite3 libcurl ncursesw
OPTIONAL ?= $(foreach l,$(LEAVABLE),$(shell $(PKG_CONFIG) --exists $l && echo $l))
OPTIONAL := $(OPTIONAL)
NEEDS_sqlite3 = $(wildcard src/store/*.c)
NEEDS_libcurl = $(wildcard src/otlp/*.c)
NEEDS_ncursesw = src/top/screen.c
# libcurl is loaded when it is needed: src/otlp/curl.c.
LIBS = -pthread $(shell $(PKG_CONFIG) --libs libbpf libmd yaml-0.1 $(filter-out libcurl,$(OPTIONAL))) -lelf -lz -ldl
ARCH = $(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/')
# clang's BPF target does not search the multiarch folder that asm/types.h is in.
MULTIARCH = $(addprefix -I,$(wildcard /usr/include/$(shell uname -m)-linux-gnu))
# -mcpu=v2: 5.10 knows no more that we need. -g: BTF; the DWARF is stripped again.
BPF_CFLAGS = -g -O2 -target bpf -mcpu=v2 -D__TARGET_ARCH_$(ARCH) -Iinclude $(MULTIARCH) \
	-Wall -Wextra -Wno-unused-parameter -Werror -ffile-prefix-map=$(CURDIR)/=

PLAIN_SRC = $(filter-out src/without/%.c $(foreach l,$(LEAVABLE),$(NEEDS_$l)),$(wildcard src/*.c src/*/*.c))
STATIC_SRC = $(PLAIN_SRC) $(wildcard src/without/*.c)
BPFMON_SRC = $(PLAIN_SRC) $(foreach l,$(LEAVABLE),$(if $(filter $l,$(OPTIONAL)),$(NEEDS_$l),src/without/$l.c))
MAPWRITER_SRC = $(wildcard mapwriter/*.c)
BPFMON_OBJ = $(BPFMON_SRC:%.c=$(O)/obj/%.o)
MAPWRITER_OBJ = $(MAPWRITER_SRC:%.c=$(O)/obj/%.o)
SKELETONS = $(O)/bpfmon.skel.h $(O)/inventory.skel.h $(O)/mapwriter.skel.h
# What needs a kernel, or speaks of it. All else is linked into unit tests and fuzzers.
KERNEL_SRC = $(wildcard src/cmd/*.c src/baseline/ask_*.c) $(wildcard src/without/*.c) $(addprefix src/,store/query.c main.c pipeline.c beside.c accounts.c iterate.c stop.c \
	btf/mapask.c content/ask.c content/changes.c eyes/ask.c facts/factask.c \
	record/sink.c top/screen.c top/source.c who/writers.c \
	$(addprefix load/,attach.c bpfobj.c bpfobj_shared.c feat.c object.c plan.c sections.c) \
	$(addprefix inventory/,fullname.c gather.c mapdump.c mapholders.c mapiter.c maplist.c pinwalk.c))
PURE_OBJ = $(patsubst %.c,$(O)/obj/%.o,$(filter-out $(KERNEL_SRC),$(BPFMON_SRC)))
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

# What runs once, or for a person who waits for it, is made small: the static program has a limit.
COLD = cmd conf baseline eyes facts inventory load otlp store top without
$(foreach folder,$(COLD),$(eval $(O)/obj/src/$(folder)/%.o: USER_CFLAGS += -Os))

$(O)/obj/src/load/bpfobj.o $(O)/obj/src/load/bpfobj_shared.o: $(O)/bpfmon.skel.h
$(O)/obj/src/load/object.o: $(O)/bpfmon.bpf.o.gz
$(O)/obj/src/load/object.o: USER_CPPFLAGS += -DOBJECT_FILE='"$(O)/bpfmon.bpf.o.gz"'
$(O)/obj/src/inventory/mapiter.o: $(O)/inventory.skel.h
$(O)/obj/mapwriter/prog_ops.o: $(O)/mapwriter.skel.h

$(O)/strip-lines: scripts/strip-lines.c Makefile
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 $(WARN) -D_GNU_SOURCE -O2 -o $@ $< -lelf

# clang names each place that is jumped to: nine tenths of the symbols, and nobody asks for them.
$(O)/%.bpf.o: bpf/%.bpf.c $(O)/strip-lines Makefile
	$(say) CLANG $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c -o $@.tmp $<
	$(Q)$(LLVM_STRIP) -g -w -N 'LBB*' $@.tmp && $(BPFTOOL) gen object $@ $@.tmp && $(O)/strip-lines $@ && rm $@.tmp

$(O)/%.skel.h: $(O)/%.bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name $(basename $(basename $(notdir $@)))_bpf > $@.tmp && mv $@.tmp $@

# The object's bytes are in src/load/object.c, compressed; the skeleton goes without them.
$(O)/bpfmon.skel.h: $(O)/bpfmon.bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name bpfmon_bpf | sed -e '/ elf_bytes(size_t/d' \
		-e '/bpfmon_bpf__elf_bytes(size_t \*sz)$$/,/^}/d' \
		-e 's/^static inline \(const void \*bpfmon_bpf__elf_bytes(size_t \*sz);\)/\1/' > $@.tmp && mv $@.tmp $@

$(O)/bpfmon.bpf.o.gz: $(O)/bpfmon.bpf.o
	$(say) GZIP $@
	$(Q)gzip -9 -n -c $< > $@.tmp && mv $@.tmp $@

# One file for any machine of this kind: needs the static libraries (on Debian in the -dev packages).
static: $(O)/bpfmon-static

$(O)/bpfmon-static: $(STATIC_SRC:%.c=$(O)/obj/%.o)
	$(say) LD $@
	$(Q)$(CC) $(USER_CFLAGS) $(USER_LDFLAGS) -static -Wl,--gc-sections -s -o $@ $^ -pthread $(shell $(PKG_CONFIG) --static --libs libbpf libelf libmd yaml-0.1)

# ---- tests ----

$(O)/tests/unit/%: tests/unit/%.c $(PURE_OBJ) Makefile
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CPPFLAGS) $(USER_CFLAGS) $(USER_LDFLAGS) -MMD -MP -o $@ $< $(PURE_OBJ) $(LIBS)

# Recordings of dist/rules that its rules are tested with, anew.
$(O)/tests/rules/recordings: tests/rules/recordings.c $(PURE_OBJ) Makefile
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CPPFLAGS) $(USER_CFLAGS) $(USER_LDFLAGS) -o $@ $< $(PURE_OBJ) $(LIBS)

rules-recordings: $(O)/tests/rules/recordings
	$(Q)$(O)/tests/rules/recordings dist/rules

ACTORS = $(patsubst tests/actors/%.c,$(O)/actors/%,$(filter-out %.bpf.c,$(wildcard tests/actors/*.c)))

$(O)/actors/before: $(O)/actors/before.skel.h
$(O)/actors/blind: $(O)/actors/blind.skel.h
$(O)/actors/busy: $(O)/actors/busy.skel.h
$(O)/actors/hide: $(O)/actors/hide.skel.h
$(O)/actors/iterate: $(O)/actors/iterate.skel.h
$(O)/actors/missed: $(O)/actors/missed.skel.h
$(O)/actors/storages: $(O)/actors/storages.skel.h
$(O)/actors/structops: $(O)/actors/structops.skel.h
$(O)/actors/turns: $(O)/actors/turns.skel.h $(O)/actors/turns_ext.skel.h
$(O)/actors/values: $(O)/actors/values.skel.h
$(O)/actors/writers: $(O)/actors/writers.skel.h $(O)/actors/writers_old.skel.h
$(O)/actors/writers_old.bpf.o: tests/actors/writers.bpf.c

# Thousands of processes of it: an emulated machine links each for a tenth of a second.
$(O)/actors/shortlived: USER_LDFLAGS += -static
$(O)/actors/shortlived: LIBS =

$(O)/actors/%.bpf.o: tests/actors/%.bpf.c $(wildcard tests/actors/*.bpf.h) Makefile
	$(say) CLANG $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(O)/actors/%: tests/actors/%.c tests/actors/mapid.h Makefile
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CPPFLAGS) $(USER_CFLAGS) $(USER_LDFLAGS) -o $@ $< $(LIBS)

unit: $(UNIT)
actors: $(ACTORS) $(O)/actors/longname.bpf.o $(O)/actors/pinned.bpf.o $(O)/actors/typed.bpf.o

check: all static
	$(Q)tests/check $(O)

check-vm: all actors
	$(Q)tests/run $(if $(K),--kernel $(K)) $(if $(T),--test $(T))

LOAD_TESTS = load_writers,load_objects,load_stalled_reader,load_full_disk,load_memory

# Long forms of what check-vm runs, too: 8 writers on 4 CPUs, 10,000 maps, a reader that stalls for 30 s.
load-test: all actors
	$(Q)for k in $(or $(K),5.10 7.3); do tests/vm/fetch $$k && \
		tests/vm/run $$k --smp 4 --mem 4096 --timeout 3600 -- \
		env LOAD=4 tests/live/run --kernel $$k --only $(LOAD_TESTS) || exit 1; done

# The BCC tools compile against the kernel's headers; Debian's of these kernels suit Debian 12's.
bcc-tools: all actors
	$(Q)for k in $(or $(K),5.10 6.1); do \
		tests/vm/fetch $$k && tests/bcc/fetch $$k && \
		tests/run --kernel $$k --test bcc || exit 1; done

# debian/tests, by Debian's autopkgtest in VMs.
autopkgtest: deb
	$(Q)for k in $(or $(K),5.10 7.3); do \
		tests/vm/fetch $$k && tests/autopkgtest $(O) $$k || exit 1; done

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

bench-check bench-update: all
	$(Q)$(if $(K),tests/vm/fetch $(K) >/dev/null &&) bench/check $(if $(@:bench-check=),--update) $(K)

$(O)/bench/format: bench/format.c $(PURE_OBJ) Makefile
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CPPFLAGS) $(USER_CFLAGS) $(USER_LDFLAGS) -o $@ $< $(PURE_OBJ) $(LIBS)

$(O)/bench/recording: bench/recording.c $(PURE_OBJ) Makefile
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CPPFLAGS) $(USER_CFLAGS) $(USER_LDFLAGS) -o $@ $< $(PURE_OBJ) $(LIBS)

# With what asks the kernel, too.
$(O)/bench/compare: bench/compare.c $(filter-out $(O)/obj/src/main.o,$(BPFMON_OBJ)) Makefile
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CPPFLAGS) $(USER_CFLAGS) $(USER_LDFLAGS) -o $@ $< $(filter-out $(O)/obj/src/main.o,$(BPFMON_OBJ)) $(LIBS)

$(O)/bench/rules: bench/rules.c $(PURE_OBJ) Makefile
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CPPFLAGS) $(USER_CFLAGS) $(USER_LDFLAGS) -o $@ $< $(PURE_OBJ) $(LIBS)

bench-rules: $(O)/bench/rules
	$(Q)$(O)/bench/rules dist/rules dist/rules/profiles

bench-compare: $(O)/bench/compare
	$(Q)$(O)/bench/compare

bench-format: $(O)/bench/format $(O)/bpfmon.bpf.o
	$(Q)$(O)/bench/format $(O)/bpfmon.bpf.o

install: all
	install -D -m 755 $(O)/bpfmon $(DESTDIR)$(sbindir)/bpfmon
	install -D -m 755 $(O)/mapwriter $(DESTDIR)$(sbindir)/mapwriter
	install -D -m 644 man/bpfmon.8 $(DESTDIR)$(mandir)/man8/bpfmon.8
	install -D -m 644 man/mapwriter.8 $(DESTDIR)$(mandir)/man8/mapwriter.8
	install -d $(DESTDIR)$(unitdir) $(DESTDIR)$(sysconfdir)/bpfmon
	[ -e $(DESTDIR)$(sysconfdir)/bpfmon/bpfmon.yaml ] || \
		sed 's|/usr/share|$(prefix)/share|' dist/bpfmon.yaml >$(DESTDIR)$(sysconfdir)/bpfmon/bpfmon.yaml
	sed 's|/usr/sbin|$(sbindir)|' dist/bpfmon.service >$(DESTDIR)$(unitdir)/bpfmon.service
	install -D -m 644 dist/bpfmon.sysusers $(DESTDIR)$(sysusersdir)/bpfmon.conf
	install -D -m 644 dist/completions/bpfmon.bash $(DESTDIR)$(bashdir)/bpfmon
	install -D -m 644 dist/completions/_bpfmon $(DESTDIR)$(zshdir)/_bpfmon
	install -D -m 644 dist/completions/bpfmon.fish $(DESTDIR)$(fishdir)/bpfmon.fish
	install -D -m 644 -t $(DESTDIR)$(mandir)/man5 man/bpfmon.conf.5 man/bpfmon-rules.5
	install -D -m 644 -t $(DESTDIR)$(prefix)/share/bpfmon/rules dist/rules/*.yaml
	install -D -m 644 -t $(DESTDIR)$(prefix)/share/bpfmon/rules/profiles dist/rules/profiles/*.yaml
	install -D -m 644 -t $(DESTDIR)$(prefix)/share/bpfmon/fleet dist/fleet/*
	install -D -m 644 -t $(DESTDIR)$(prefix)/share/bpfmon dist/network.conf

# What a host without a package manager of ours gets: unpack it over /.
tarball: static
	$(Q)scripts/package tarball $(O) $(VERSION)

deb:
	$(Q)scripts/package deb $(O) $(VERSION)

completions: $(O)/bpfmon
	$(Q)scripts/completions $(O)/bpfmon

clean:
	rm -rf $(O)

help:
	@echo 'make                 build $(O)/bpfmon and $(O)/mapwriter'
	@echo 'make static          $(O)/bpfmon-static: one file without libraries, stripped'
	@echo 'make check           unit and golden tests under sanitizers, each fuzzer for a while; no root'
	@echo 'make check-vm        live tests on every kernel; K=6.12 one kernel, T=NAME one test'
	@echo 'make load-test       long load tests in VMs with 4 CPUs; K=7.3 one kernel'
	@echo 'make coverage        docs/coverage.md anew, from running on every kernel; K=6.12 one kernel'
	@echo 'make autopkgtest     the Debian package, installed and tried in VMs; minutes a kernel; K=6.12 one'
	@echo 'make bcc-tools       the BCC tools in Python under bpfmon; minutes a kernel; K=6.1 one'
	@echo 'make selftests       the kernel'"'"'s own map tests under bpfmon; minutes a kernel; K=6.12 one'
	@echo 'make lint            format, lengths, names, man pages, shell scripts'
	@echo 'make rules-recordings  the recordings of dist/rules anew'
	@echo 'make fuzz            each fuzzer for SECONDS_EACH (60)'
	@echo 'make bench           what watching costs, in a VM; K=6.12 one kernel'
	@echo 'make bench-check     whether it costs more than bench/figures has; K=7.3 one kernel'
	@echo 'make bench-update    bench/figures anew'
	@echo 'make bench-compare   what comparing the content of maps costs, on this machine; root'
	@echo 'make bench-format    how fast events become lines; no kernel, no root'
	@echo 'make bench-rules     how many events a second rules are asked about; no root'
	@echo 'make install         DESTDIR= prefix=$(prefix)'
	@echo 'make tarball         $(O)/package: the static programs and their files, to unpack over /'
	@echo 'make deb             $(O)/package: a Debian package of what is committed, checked by lintian'
	@echo 'make completions     dist/completions anew, from what --help says'
	@echo 'make clean           remove $(O)'
	@echo 'Variables: O CC CLANG LLVM_STRIP BPFTOOL PKG_CONFIG CFLAGS LDFLAGS SAN V'

-include $(BPFMON_OBJ:.o=.d) $(STATIC_SRC:%.c=$(O)/obj/%.d) $(MAPWRITER_OBJ:.o=.d) $(O)/bpfmon.bpf.d $(O)/mapwriter.bpf.d $(UNIT:=.d)
.PHONY: all static unit actors rules-recordings check check-vm load-test coverage autopkgtest bcc-tools selftests fuzz lint bench bench-check bench-update bench-compare bench-format bench-rules install tarball deb completions clean help
.DELETE_ON_ERROR:
.SECONDARY:
