# SPDX-License-Identifier: GPL-2.0-or-later
# unit tests of the forecasts and the policy
FORECAST_SRCS := $(addprefix ctl/forecast/,arima.c kalman.c difference.c baseline.c)

UNIT_TESTS += test_arima
test_arima_SRCS := $(FORECAST_SRCS)
test_arima_PKGS := gsl

UNIT_TESTS += test_policy
test_policy_SRCS := ctl/policy.c

UNIT_TESTS += test_threshold
test_threshold_SRCS := ctl/threshold.c

UNIT_TESTS += test_history
test_history_SRCS := ctl/history.c
test_history_PKGS := sqlite3
