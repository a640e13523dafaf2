# SPDX-License-Identifier: GPL-2.0-or-later
# unit tests of spilld's rooms
UNIT_TESTS += test_config
CONFIG_SRCS := $(addprefix ctl/,config.c config_text.c config_walk.c config_line.c address.c \
	keyfile.c units.c)
test_config_SRCS := $(CONFIG_SRCS)
test_config_PKGS := json-c libcrypto

UNIT_TESTS += test_metrics
test_metrics_SRCS := $(addprefix ctl/metrics/,metrics.c procfile.c rate.c \
	cgroup_cpu.c cgroup_memory.c proc_cpu.c proc_memory.c netdev.c conns.c)
test_metrics_PKGS := libnl-3.0 libnl-route-3.0

UNIT_TESTS += test_rekey
test_rekey_SRCS := ctl/rekey.c

UNIT_TESTS += test_control_msg
test_control_msg_SRCS := ctl/control_msg.c

UNIT_TESTS += test_control_gate
test_control_gate_SRCS := ctl/control_gate.c

UNIT_TESTS += test_control
test_control_SRCS := $(addprefix ctl/control,.c _link.c _msg.c _tls.c _gate.c _socket.c) \
	ctl/rekey.c ctl/identity.c ctl/log.c $(CONFIG_SRCS)
test_control_PKGS := libevent libevent_openssl libssl libcrypto json-c

UNIT_TESTS += test_sampler
test_sampler_SRCS := ctl/sampler.c ctl/log.c $(CONFIG_SRCS) $(test_metrics_SRCS)
test_sampler_PKGS := json-c libcrypto libnl-3.0 libnl-route-3.0

UNIT_TESTS += test_decide
test_decide_SRCS := ctl/decide.c

UNIT_TESTS += test_status_server
test_status_server_SRCS := ctl/status_server.c
test_status_server_PKGS := libevent json-c

UNIT_TESTS += test_report
test_report_SRCS := ctl/report.c ctl/trace.c ctl/decide.c $(test_sampler_SRCS)
test_report_PKGS := $(test_sampler_PKGS)

UNIT_TESTS += test_series
test_series_SRCS := ctl/series.c

UNIT_TESTS += test_dwell
test_dwell_SRCS := ctl/dwell.c

UNIT_TESTS += test_round
test_round_SRCS := ctl/round.c ctl/dwell.c ctl/policy.c ctl/model.c ctl/address.c ctl/log.c
test_round_PKGS := libmnl json-c

UNIT_TESTS += test_fitter
test_fitter_SRCS := ctl/fitter.c $(addprefix ctl/forecast/,arima.c baseline.c \
	difference.c kalman.c)
test_fitter_PKGS := gsl
