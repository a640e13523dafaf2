# SPDX-License-Identifier: GPL-2.0-or-later
# Spillway: builds the module, the programs and the tests. `make help` lists the rest.

VERSION := 0.1.0
KVER ?= $(shell uname -r)
# What the module for KVER is built against, if that is not with KVER's modules.
KDIR ?=
KERNELS ?= 6.1 6.12
PREFIX ?= /usr/local
DESTDIR ?=

CC ?= gcc
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Werror
BASE_CFLAGS := -std=gnu11 -O2 -g $(WARN) -D_GNU_SOURCE \
	-DSPILLWAY_VERSION='"$(VERSION)"' -Iinclude/uapi -Iinclude -Ictl
CTL_CFLAGS := $(BASE_CFLAGS) -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
	-fvisibility=hidden
UNIT_CFLAGS := $(BASE_CFLAGS) -Ikmod -isystem build/kselftest -Wno-sign-compare \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer

# V=1 shows the commands
ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-7s %s\n'
MAKEFLAGS += --no-print-directory
endif

PACKAGES := bash bc binutils bison build-essential busybox-static clang clang-format \
	conntrack cpio cppcheck curl ethtool flex gawk gcc gnuplot-nox iperf3 iproute2 \
	iputils-ping jq kmod libclang-rt-14-dev libelf-dev libevent-dev libgsl-dev libjson-c-dev \
	libmnl-dev libnl-3-dev libnl-genl-3-dev libnl-route-3-dev libsmartcols-dev \
	libsqlite3-dev libssl-dev linux-headers-6.12-amd64 linux-headers-amd64 \
	linux-source-6.12 make nftables nginx-light openssl pkg-config procps \
	redis-server redis-tools \
	qemu-system-x86 shellcheck sparse spin tcpdump tshark wireguard-tools wrk xz-utils

.PHONY: all help deps modules lab-modules debug-kernel ctl unit selftests check \
	check-unit check-debug \
	check-model check-guest lint soak fuzz bench grid demo install uninstall \
	dkms-install clean
.DELETE_ON_ERROR:
.SECONDARY:

all: lab-modules ctl

help:
	@echo 'Spillway $(VERSION)'
	@echo
	@echo '  make demo          the main job, in a lab of virtual machines'
	@echo '  make check         all tests, on both kernels'
	@echo
	@echo '  make all           the module for the lab kernels, and the programs'
	@echo '  make modules       the module for KVER (the running kernel)'
	@echo '  make ctl           spilld and spillctl'
	@echo '  make deps          install the Debian packages that all this needs'
	@echo '  make check-unit    unit tests only'
	@echo '  make check-model   the protocol of a move, every state of its model'
	@echo '  make check-guest   tests in guests only'
	@echo '  make check-debug   guest tests on a kernel with lockdep, KASAN and kmemleak'
	@echo '  make debug-kernel  builds that kernel'
	@echo '  make fuzz          libFuzzer on whatever reads what others wrote'
	@echo '  make bench         what relay and handoff cost beside others'
	@echo '  make grid          goodput by loss, delay, reordering and flows'
	@echo '  make soak          hours of virtual time'
	@echo '  make lint          checkpatch, sparse, W=1, clang-format, cppcheck, shellcheck'
	@echo '  make install       programs into PREFIX ($(PREFIX)), module for KVER'
	@echo '  make dkms-install  the module by DKMS, rebuilt with each kernel'
	@echo '  make clean'
	@echo
	@echo 'Variables: KERNELS="6.1 6.12", TESTS=GLOB (check), KERNEL=6.1|6.12, SEED=N (demo),'
	@echo '           CELLS="LOSS:RTT:REORDER:FLOWS ..." (grid), FUZZ_SECONDS=N,'
	@echo '           V=1, KVER, PREFIX, DESTDIR'

### packages

SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

deps: build/deps

build/deps: Makefile
	@mkdir -p build
	$(Q)missing=$$(for p in $(PACKAGES); do \
		dpkg-query -W -f='$${Status}\n' $$p 2>/dev/null | \
		grep -q 'install ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
		echo "  APT    " $$missing; \
		$(SUDO) apt-get update -qq && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends $$missing \
			>build/deps.log 2>&1 || { tail -20 build/deps.log; exit 1; }; \
	fi
	@touch $@

### the module: built in a copy, since kbuild writes beside the sources

MODULE_SRC := Kbuild $(wildcard kmod/*.[ch] include/uapi/linux/*.h include/spillway/*.h)

modules: build/modules/$(KVER)/spillway.ko
	@:

build/modules/%/spillway.ko: $(MODULE_SRC)
	$(say) KBUILD $*
	$(Q)mkdir -p $(@D) && cp -ru --preserve=timestamps Kbuild kmod include $(@D)/
	$(Q)flock $(@D) $(MAKE) $(if $(V),,-s) -C $(or $(KDIR),/lib/modules/$*/build) \
		M=$(abspath $(@D)) KCFLAGS=-Werror $(KBUILD_EXTRA) modules \
		>$(@D)/log 2>&1 || { cat $(@D)/log; exit 1; }
	@touch $@

lab-modules: build/deps
	$(Q)for k in $(KERNELS); do \
		r=$$(. tests/lab/kernel.sh && lab_kernel_release $$k) && \
		$(MAKE) modules KVER=$$r KDIR=$$(. tests/lab/kernel.sh && lab_kernel_build $$r) || exit 1; \
	done

### the programs

-include ctl/spilld.mk
-include ctl/spillctl.mk

PROGRAMS := $(if $(SPILLD_SRCS),build/ctl/spilld) \
	$(if $(SPILLCTL_SRCS),build/ctl/spillctl)

ctl: build/deps $(PROGRAMS)

build/%.o: %.c | build/deps
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(CTL_CFLAGS) $$(pkg-config --cflags $(CTL_PKGS)) -MMD -MP -c -o $@ $<

CTL_PKGS := $(sort $(SPILLD_PKGS) $(SPILLCTL_PKGS))

build/ctl/spilld: $(SPILLD_SRCS:%.c=build/%.o)
	$(say) LD $@
	$(Q)$(CC) -o $@ $^ $$(pkg-config --libs $(SPILLD_PKGS)) -lm

build/ctl/spillctl: $(SPILLCTL_SRCS:%.c=build/%.o)
	$(say) LD $@
	$(Q)$(CC) -o $@ $^ $$(pkg-config --libs $(SPILLCTL_PKGS)) -lm

-include $(patsubst %.c,build/%.d,$(SPILLD_SRCS) $(SPILLCTL_SRCS))

### tests

-include $(wildcard tests/unit/*.mk)
-include $(wildcard tests/selftests/*.mk)
-include $(wildcard tests/fuzz/*.mk)

# The harness is Debian's, taken at test time.
HARNESS := build/kselftest/kselftest_harness.h

$(HARNESS): | build/deps
	$(say) HARNESS $@
	@mkdir -p $(@D)
	$(Q)tar -xf /usr/src/linux-source-6.12.tar.xz -C $(@D) --strip-components=4 \
		linux-source-6.12/tools/testing/selftests/kselftest.h \
		linux-source-6.12/tools/testing/selftests/kselftest_harness.h
	@touch $@

define unit_rule
build/unit/$(1): tests/unit/$(1).c $$(filter-out tests/unit/$(1).c,$$($(1)_SRCS)) \
		$$(HARNESS) $$(wildcard ctl/*.h ctl/*/*.h kmod/*.h tests/unit/*.h)
	$$(say) UNIT $$@
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(UNIT_CFLAGS) $$($(1)_CFLAGS) \
		$$(if $$($(1)_PKGS),$$$$(pkg-config --cflags $$($(1)_PKGS))) \
		-o $$@ $$(filter %.c,$$^) \
		$$(if $$($(1)_PKGS),$$$$(pkg-config --libs $$($(1)_PKGS))) -lm
endef
$(foreach t,$(UNIT_TESTS),$(eval $(call unit_rule,$(t))))

define selftest_rule
build/selftests/$(1): tests/selftests/$(1).c $$($(1)_SRCS) $$(HARNESS) \
		$$(wildcard include/uapi/linux/*.h)
	$$(say) TEST $$@
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(BASE_CFLAGS) -isystem build/kselftest -Wno-sign-compare \
		$$$$(pkg-config --cflags $$($(1)_PKGS)) \
		-o $$@ $$(filter %.c,$$^) $$$$(pkg-config --libs $$($(1)_PKGS))
endef
$(foreach t,$(SELFTESTS),$(eval $(call selftest_rule,$(t))))

# libFuzzer is clang's.
FUZZ_SECONDS ?= 300
FUZZ_CFLAGS := $(BASE_CFLAGS) -Ikmod -Itests/unit -Wno-sign-compare \
	-Wno-missing-field-initializers \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer

define fuzz_rule
build/fuzz/$(1): tests/fuzz/$(1).c $$($(1)_SRCS) \
		$$(wildcard ctl/*.h kmod/*.h tests/unit/*.h) | build/deps
	$$(say) FUZZ $$@
	@mkdir -p $$(@D)
	$$(Q)clang $$(FUZZ_CFLAGS) \
		$$(if $$($(1)_PKGS),$$$$(pkg-config --cflags $$($(1)_PKGS))) \
		-o $$@ $$(filter %.c,$$^) \
		$$(if $$($(1)_PKGS),$$$$(pkg-config --libs $$($(1)_PKGS)))
endef
$(foreach t,$(FUZZ_TARGETS),$(eval $(call fuzz_rule,$(t))))

fuzz: $(FUZZ_TARGETS:%=build/fuzz/%)
	$(Q)tests/fuzz/run $(FUZZ_SECONDS) $(FUZZ_TARGETS)

unit: $(UNIT_TESTS:%=build/unit/%)
LAB_PROGRAMS := adopter answer baton flood last numbers pool session sockopts stream tcpcheck
selftests: $(SELFTESTS:%=build/selftests/%) $(LAB_PROGRAMS:%=build/lab/%) \
	build/lab/flap build/lab/nth.so

# For the scenes: traffic that checks every byte, floods, who uses a number twice, and
# moves at an exact interval.
$(LAB_PROGRAMS:%=build/lab/%): build/lab/%: tests/lab/%.c include/spillway/app.h
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CFLAGS) -o $@ $< $(if $(filter baton,$*),$$(pkg-config --libs libcrypto))

build/lab/flap: tests/lab/flap.c $(NL_SRCS)
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CFLAGS) -o $@ $^ $$(pkg-config --libs --cflags libmnl)

build/lab/nth.so: tests/lab/nth.c
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CFLAGS) -fPIC -shared -o $@ $<

check: build/deps unit selftests lab-modules ctl build/bench/crowd
	$(Q)tests/lab/check --models --kernels "$(KERNELS)" --tests "$(TESTS)" \
		$(UNIT_TESTS:%=build/unit/%)

check-unit: build/deps unit
	$(Q)tests/lab/check --kernels "" --tests "$(TESTS)" \
		$(UNIT_TESTS:%=build/unit/%)

check-model: build/deps
	$(Q)tests/lab/check --models --tests model

check-guest: build/deps selftests lab-modules ctl build/bench/crowd
	$(Q)tests/lab/check --kernels "$(KERNELS)" --tests "$(TESTS)"

# The second lane: apart from check, for the time it takes.
debug-kernel: build/deps
	$(Q)tests/lab/debug

check-debug: build/deps debug-kernel selftests build/bench/crowd ctl
	$(Q)$(MAKE) lab-modules KERNELS=debug
	$(Q)tests/lab/check --kernels debug --tests "$(TESTS)"

# What tests/bench measures with, and the QEMU plugin that profiles.
build/bench/%: tests/bench/%.c
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CFLAGS) -o $@ $<

build/bench/%.so: tests/bench/%.c
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CFLAGS) -fPIC -shared -o $@ $<

bench: build/deps lab-modules ctl build/bench/meter build/bench/hotspots.so \
		build/bench/crowd build/bench/repair
	$(Q)bad=0; for b in costs handoff replica; do \
		tests/bench/$$b $(KERNELS) || bad=1; done; exit $$bad

grid: build/deps lab-modules ctl build/bench/goodput
	$(Q)tests/bench/grid $(if $(KERNEL),--kernel $(KERNEL)) $(CELLS)

demo: build/deps lab-modules ctl
	$(Q)tests/demo/run $(if $(KERNEL),--kernel $(KERNEL)) $(if $(SEED),--seed $(SEED))

# An hour of virtual time each; not part of check.
soak: build/deps selftests lab-modules ctl
	$(Q)for test in tests/soak/*.sh; do \
		tests/lab/run $(if $(KERNEL),--kernel $(KERNEL)) \
			--timeout 7200 $$(sed -n 's/^# lab: //p' $$test) -- $$test || exit 1; \
	done

lint: build/deps
	$(Q)tests/lab/lint $(KERNELS)

### installing

install: modules ctl
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)/lib/modules/$(KVER)/updates
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/sbin/
	install -D -m 644 include/uapi/linux/spillway.h \
		$(DESTDIR)$(PREFIX)/include/linux/spillway.h
	install -D -m 644 include/spillway/app.h \
		$(DESTDIR)$(PREFIX)/include/spillway/app.h
	install -m 644 build/modules/$(KVER)/spillway.ko \
		$(DESTDIR)/lib/modules/$(KVER)/updates/
	$(if $(DESTDIR),,depmod $(KVER))

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/spilld $(DESTDIR)$(PREFIX)/sbin/spillctl \
		$(DESTDIR)$(PREFIX)/include/linux/spillway.h \
		$(DESTDIR)$(PREFIX)/include/spillway/app.h \
		$(DESTDIR)/lib/modules/$(KVER)/updates/spillway.ko
	$(if $(DESTDIR),,depmod $(KVER))

dkms-install:
	rm -rf $(DESTDIR)/usr/src/spillway-$(VERSION)
	install -d $(DESTDIR)/usr/src/spillway-$(VERSION)
	cp -r Kbuild kmod include dkms.conf $(DESTDIR)/usr/src/spillway-$(VERSION)/
	$(if $(DESTDIR),,dkms add spillway/$(VERSION) && dkms install spillway/$(VERSION))

clean:
	rm -rf build
