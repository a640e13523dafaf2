# SPDX-License-Identifier: GPL-2.0-or-later
# kselftest-harness programs that run in a guest
SELFTESTS += netlink
netlink_SRCS = $(NL_SRCS)
netlink_PKGS := libmnl
