# SPDX-License-Identifier: GPL-2.0-or-later
# unit tests of the module's pure rooms, from the very same sources
UNIT_TESTS += test_wire
test_wire_SRCS := kmod/link.c kmod/notice.c kmod/replay.c

UNIT_TESTS += test_inner
test_inner_SRCS := kmod/inner.c

UNIT_TESTS += test_arq
test_arq_SRCS := tests/unit/lossy_path.c $(addprefix kmod/,arq.c acker.c rtt.c replay.c)

UNIT_TESTS += test_acker
test_acker_SRCS := kmod/acker.c

UNIT_TESTS += test_seal
test_seal_SRCS := tests/unit/seal.c kmod/link.c
test_seal_CFLAGS := -Itests/unit
test_seal_PKGS := libcrypto

UNIT_TESTS += test_pmtu
test_pmtu_SRCS := kmod/pmtu.c kmod/link.c

UNIT_TESTS += test_chunks
test_chunks_SRCS := $(addprefix kmod/,control_tx.c control_rx.c rtt.c)

IMAGE_SRCS := $(addprefix kmod/,image.c image_check.c) \
	$(addprefix tests/unit/,image_sample.c image_write.c)

UNIT_TESTS += test_image
test_image_SRCS := $(IMAGE_SRCS)
test_image_CFLAGS := -Itests/unit

UNIT_TESTS += test_image_bytes
test_image_bytes_SRCS := $(IMAGE_SRCS)
test_image_bytes_CFLAGS := -Itests/unit

UNIT_TESTS += test_image_diff
test_image_diff_SRCS := $(IMAGE_SRCS) kmod/image_diff.c
test_image_diff_CFLAGS := -Itests/unit

UNIT_TESTS += test_image_patch
test_image_patch_SRCS := $(IMAGE_SRCS) kmod/image_patch.c
test_image_patch_CFLAGS := -Itests/unit

UNIT_TESTS += test_move
test_move_SRCS := kmod/move.c

UNIT_TESTS += test_adopt
test_adopt_SRCS := kmod/adopt_match.c

UNIT_TESTS += test_move_msg
test_move_msg_SRCS := kmod/move_msg.c

UNIT_TESTS += test_replica
test_replica_SRCS := $(IMAGE_SRCS) kmod/image_diff.c kmod/replica_msg.c
test_replica_CFLAGS := -Itests/unit

UNIT_TESTS += test_lag
test_lag_SRCS := kmod/lag.c

UNIT_TESTS += test_pace
test_pace_SRCS := kmod/pace.c

UNIT_TESTS += test_acks
test_acks_SRCS := kmod/control_rx.c
