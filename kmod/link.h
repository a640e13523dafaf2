/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames: bytes to structs and back, every field checked. Pure. */
#ifndef _SPW_LINK_H
#define _SPW_LINK_H

#include "arq.h"
#include "control_stream.h"
#include "messages.h"
#include "pmtu.h"

/**
 * struct spw_heartbeat - what a node says of itself, host order
 * @node_id: sender, 1..65535
 * @flags: &enum spw_heartbeat_flags
 * @load: permille of its capacity
 * @forecast: highest load within its horizon, permille
 * @free: what it can take, permille
 * @echo_delay_us: between hearing @echo and sending this
 * @capacity: bytes a second
 * @stamp: sender's monotonic clock, ns, never 0
 * @echo: last stamp heard of the receiver, 0 if none
 * @instance: of the sender's life, never 0
 */
struct spw_heartbeat {
	__u16 node_id;
	__u16 flags;
	__u32 load;
	__u32 forecast;
	__u32 free;
	__u32 echo_delay_us;
	__u64 capacity;
	__u64 stamp;
	__u64 echo;
	__u32 instance;
};

/**
 * struct spw_frame - a frame found in an opened datagram
 * @type: &enum spw_frame_type
 * @flags: &enum spw_data_flags for %SPW_FRAME_DATA, else 0
 * @ago: with %SPW_DATA_AGAIN how many numbers ago it was sent first, else 0
 * @len: bytes at @body
 * @body: inside the datagram
 */
struct spw_frame {
	__u8 type;
	__u8 flags;
	__u16 ago;
	__u16 len;
	const __u8 *body;
};

int spw_link_parse_dgram(const void *data, size_t len, __u32 *key_id, __u64 *pn);
void spw_link_build_dgram(void *data, __u32 key_id, __u64 pn);
int spw_link_parse_frame(const void *data, size_t len, struct spw_frame *frame);
void spw_link_build_frame(void *data, __u8 type, __u8 flags, __u16 len);
int spw_link_parse_heartbeat(const struct spw_frame *frame,
			     struct spw_heartbeat *hb);
void spw_link_build_heartbeat(void *body, const struct spw_heartbeat *hb);
int spw_link_parse_ack(const struct spw_frame *frame, struct spw_ack *ack);
void spw_link_build_ack(void *body, const struct spw_ack *ack);
int spw_link_parse_probe(const struct spw_frame *frame,
			 struct spw_pmtu_probe *probe);
void spw_link_build_probe(void *body, const struct spw_pmtu_probe *probe);
int spw_link_parse_control(const struct spw_frame *frame,
			   struct spw_chunk_head *head);
void spw_link_build_control(void *body, const struct spw_chunk_head *head);
int spw_link_parse_control_ack(const struct spw_frame *frame,
			       struct spw_control_ack *ack);
void spw_link_build_control_ack(void *body, const struct spw_control_ack *ack);

#endif /* _SPW_LINK_H */
