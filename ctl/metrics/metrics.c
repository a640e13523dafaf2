// SPDX-License-Identifier: GPL-2.0-or-later
/* metrics: opening, reading and closing a source, whichever it is. */
#include <errno.h>
#include <stdlib.h>

#include "metrics/metrics.h"

int metrics_open(struct metrics_source *source, const struct metrics_ops *ops,
		 const struct metrics_where *where)
{
	int ret = 0;

	source->ops = ops;
	source->where = where;
	source->priv = calloc(1, ops->priv_size ? ops->priv_size : 1);
	if (!source->priv)
		ret = -ENOMEM;
	else if (ops->open)
		ret = ops->open(source);
	if (ret) {
		free(source->priv);
		source->priv = NULL;
		source->ops = NULL;
	}
	return ret;
}

int metrics_read(struct metrics_source *source, uint64_t now_ns, struct metrics_reading *reading)
{
	if (!source->ops)
		return -ENODEV;
	return source->ops->read(source, now_ns, reading);
}

void metrics_close(struct metrics_source *source)
{
	if (source->ops && source->ops->close)
		source->ops->close(source);
	free(source->priv);
	source->priv = NULL;
	source->ops = NULL;
}
