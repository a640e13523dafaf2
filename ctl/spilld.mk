# SPDX-License-Identifier: GPL-2.0-or-later
# what spilld is made of, in the order data flows; NL_SRCS is from spillctl.mk
SPILLD_SRCS = $(addprefix ctl/,spilld.c controller.c log.c \
	config.c config_walk.c config_text.c config_line.c units.c \
	sampler.c $(addprefix metrics/,metrics.c procfile.c rate.c cgroup_cpu.c \
	cgroup_memory.c proc_cpu.c proc_memory.c netdev.c conns.c) \
	ahead.c history.c series.c fitter.c threshold.c \
	$(addprefix forecast/,arima.c baseline.c difference.c kalman.c) \
	decide.c round.c policy.c dwell.c \
	pool.c device.c keyfile.c identity.c rekey.c \
	$(addprefix control,.c _link.c _msg.c _tls.c _gate.c _socket.c) \
	report.c trace.c status_server.c) $(NL_SRCS)
SPILLD_PKGS := libnl-3.0 libnl-route-3.0 libmnl json-c libevent libevent_openssl \
	sqlite3 gsl libssl libcrypto
