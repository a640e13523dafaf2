// SPDX-License-Identifier: GPL-2.0-or-later
/* Tracepoints: their code, made from trace.h. */
#include <linux/module.h>

#ifndef __CHECKER__
#define CREATE_TRACE_POINTS
#include "trace.h"
#endif
