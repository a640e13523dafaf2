# SPDX-License-Identifier: GPL-2.0-or-later
# unit tests of spillctl's rooms
UNIT_TESTS += test_args
test_args_SRCS := $(addprefix ctl/,args.c say.c text.c address.c model.c units.c)
test_args_PKGS := json-c libmnl

UNIT_TESTS += test_keyfile
test_keyfile_SRCS := ctl/keyfile.c
test_keyfile_PKGS := libcrypto

UNIT_TESTS += test_identity
test_identity_SRCS := ctl/identity.c ctl/keyfile.c
test_identity_PKGS := libcrypto

UNIT_TESTS += test_nl
test_nl_SRCS := $(addprefix ctl/,address.c model.c nl_error.c nl_decode.c)
test_nl_PKGS := libmnl

UNIT_TESTS += test_handoff
test_handoff_SRCS := $(addprefix ctl/,cmd_handoff.c cmd_job.c jobs.c chosen.c args.c say.c text.c \
	json_out.c table.c address.c model.c units.c)
test_handoff_PKGS := json-c smartcols libmnl
