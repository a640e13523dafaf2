// SPDX-License-Identifier: GPL-2.0-or-later
/* What two nodes say of a move: what is read and written again has the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "move.h"
#include "move_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A message that is refused leaves nothing behind. */
static void refused(const struct spw_move_msg *msg)
{
	struct spw_move_msg untouched;

	memset(&untouched, 0xa5, sizeof(untouched));
	if (memcmp(msg, &untouched, sizeof(*msg)))
		abort();
}

static void check(const struct spw_move_msg *msg, const uint8_t *data, size_t size)
{
	uint8_t again[SPW_LEN_MOVE_MAX];
	uint32_t len = spw_move_msg_build(again, msg);

	if (len > size || memcmp(again, data, len))
		abort();
	if (spw_move_msg_has_image(msg->kind)) {
		if (msg->image != data + len || msg->size != size - len)
			abort();
	} else if (len != size || msg->image) {
		abort();
	}
	if (!msg->instance || msg->reason >= __SPW_MOVE_REASON_MAX)
		abort();
	/* A hello is of a node, all else of a move. */
	if (!msg->id != (msg->kind == SPW_MOVE_HELLO || msg->kind == SPW_MOVE_HELLO_BACK))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spw_move_msg msg;

	memset(&msg, 0xa5, sizeof(msg));
	if (spw_move_msg_parse(data, (uint32_t)size, &msg))
		refused(&msg);
	else
		check(&msg, data, size);
	return 0;
}
