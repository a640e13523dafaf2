# SPDX-License-Identifier: GPL-2.0-or-later
# unit tests of spilld's rooms
UNIT_TESTS += test_config
test_config_SRCS := ctl/config.c ctl/config_text.c ctl/config_walk.c ctl/address.c ctl/units.c
test_config_PKGS := json-c

UNIT_TESTS += test_metrics
test_metrics_SRCS := $(addprefix ctl/metrics/,metrics.c procfile.c rate.c \
	cgroup_cpu.c cgroup_memory.c proc_cpu.c proc_memory.c netdev.c conns.c)
test_metrics_PKGS := libnl-3.0 libnl-route-3.0

UNIT_TESTS += test_pnstore
test_pnstore_SRCS := ctl/pnstore.c
test_pnstore_PKGS := sqlite3

UNIT_TESTS += test_sampler
test_sampler_SRCS := ctl/sampler.c ctl/log.c ctl/config.c ctl/config_text.c \
	ctl/config_walk.c ctl/address.c ctl/units.c $(test_metrics_SRCS)
test_sampler_PKGS := json-c libnl-3.0 libnl-route-3.0

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
test_round_SRCS := ctl/round.c ctl/dwell.c ctl/policy.c ctl/model.c ctl/log.c
test_round_PKGS := libmnl json-c

UNIT_TESTS += test_fitter
test_fitter_SRCS := ctl/fitter.c $(addprefix ctl/forecast/,arima.c baseline.c \
	difference.c kalman.c)
test_fitter_PKGS := gsl
