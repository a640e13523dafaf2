/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table: aligned columns by libsmartcols. */
#ifndef SPILLWAY_CTL_TABLE_H
#define SPILLWAY_CTL_TABLE_H

#include <stdbool.h>

struct table;

/* A column's name; one that begins with '>' is set flush right. */
struct table *table_new(const char *const *columns, int count, bool header);
/* As many texts as there are columns; copied. */
void table_row(struct table *table, const char *const *texts);
/* Prints and frees. */
void table_print(struct table *table);

#endif /* SPILLWAY_CTL_TABLE_H */
