# SPDX-License-Identifier: GPL-2.0-or-later
# unit tests of spilld's rooms
UNIT_TESTS += test_config
test_config_SRCS := ctl/config.c ctl/config_text.c ctl/config_walk.c ctl/units.c
test_config_PKGS := json-c
