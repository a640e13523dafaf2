# SPDX-License-Identifier: GPL-2.0-or-later
# libFuzzer targets, each with the very files that it tests
FUZZ_TARGETS += fuzz_wire
fuzz_wire_SRCS := kmod/link.c

FUZZ_TARGETS += fuzz_replay
fuzz_replay_SRCS := kmod/replay.c

FUZZ_TARGETS += fuzz_inner
fuzz_inner_SRCS := kmod/inner.c

FUZZ_TARGETS += fuzz_sealed
fuzz_sealed_SRCS := kmod/link.c kmod/replay.c kmod/inner.c tests/unit/seal.c
fuzz_sealed_PKGS := libcrypto

FUZZ_TARGETS += fuzz_netlink
fuzz_netlink_SRCS := $(addprefix ctl/,address.c model.c nl_decode.c nl_error.c)
fuzz_netlink_PKGS := libmnl

FUZZ_TARGETS += fuzz_config
fuzz_config_SRCS := $(test_config_SRCS)
fuzz_config_PKGS := $(test_config_PKGS)

FUZZ_TARGETS += fuzz_status
fuzz_status_SRCS := ctl/status_server.c
fuzz_status_PKGS := libevent json-c

FUZZ_TARGETS += fuzz_image
fuzz_image_SRCS := kmod/image.c kmod/image_check.c tests/unit/image_write.c

FUZZ_TARGETS += fuzz_image_diff
fuzz_image_diff_SRCS := $(IMAGE_SRCS) kmod/image_diff.c

FUZZ_TARGETS += fuzz_image_patch
fuzz_image_patch_SRCS := kmod/image_patch.c kmod/image.c kmod/image_check.c

FUZZ_TARGETS += fuzz_move_msg
fuzz_move_msg_SRCS := kmod/move_msg.c

FUZZ_TARGETS += fuzz_replica
fuzz_replica_SRCS := kmod/image.c kmod/image_check.c kmod/replica_msg.c
