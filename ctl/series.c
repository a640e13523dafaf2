// SPDX-License-Identifier: GPL-2.0-or-later
/* series: the values that the model is fitted to. */
#include <stdlib.h>
#include <string.h>

#include "series.h"

/*
 * Twice the room, so that the values are in one piece: when the end is reached they
 * move to the front, once in @room pushes.
 */
struct series {
	size_t room;
	size_t start;
	size_t count;
	double values[];
};

struct series *series_new(size_t room)
{
	struct series *series;

	if (!room || room > SIZE_MAX / (4 * sizeof(double)))
		return NULL;
	series = calloc(1, sizeof(*series) + 2 * room * sizeof(double));
	if (series)
		series->room = room;
	return series;
}

void series_free(struct series *series)
{
	free(series);
}

void series_push(struct series *series, double value)
{
	if (series->count == series->room) {
		series->start++;
		series->count--;
	}
	if (series->start + series->count == 2 * series->room) {
		memmove(series->values, series->values + series->start,
			series->count * sizeof(double));
		series->start = 0;
	}
	series->values[series->start + series->count++] = value;
}

const double *series_values(const struct series *series, size_t *count)
{
	*count = series->count;
	return series->values + series->start;
}
