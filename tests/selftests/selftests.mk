# SPDX-License-Identifier: GPL-2.0-or-later
# kselftest-harness programs that run in a guest
SELFTESTS += netlink
netlink_SRCS := $(addprefix ctl/,nl_session.c nl_error.c nl_config.c nl_conns.c model.c)
netlink_PKGS := libmnl
