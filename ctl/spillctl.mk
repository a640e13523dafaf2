# SPDX-License-Identifier: GPL-2.0-or-later
# what spillctl is made of; NL_SRCS is what both programs know of the kernel
NL_SRCS := $(addprefix ctl/,address.c model.c nl_error.c nl_decode.c nl_session.c nl_config.c nl_conns.c nl_jobs.c)
SPILLCTL_SRCS := $(NL_SRCS) $(addprefix ctl/,spillctl.c args.c say.c cmd_status.c \
	cmd_peers.c cmd_conns.c cmd_hosted.c cmd_moved.c cmd_replicas.c chosen.c cmd_move.c cmd_handoff.c jobs.c \
	cmd_job.c cmd_events.c cmd_dev.c cmd_key.c cmd_genkey.c cmd_init.c \
	table.c text.c json_out.c status_client.c keyfile.c identity.c device.c units.c)
SPILLCTL_PKGS := libmnl libnl-3.0 libnl-route-3.0 json-c smartcols libcrypto
