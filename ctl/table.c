// SPDX-License-Identifier: GPL-2.0-or-later
/* table: aligned columns by libsmartcols; never cut short in a pipe. */
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "table.h"

struct table {
	struct libscols_table *scols;
	int columns;
};

static void give_up(void)
{
	fputs("spillctl: no memory\n", stderr);
	exit(1);
}

struct table *table_new(const char *const *columns, int count, bool header)
{
	struct table *table = calloc(1, sizeof(*table));
	int i;

	if (table)
		table->scols = scols_new_table();
	if (!table || !table->scols)
		give_up();
	table->columns = count;
	scols_table_enable_noheadings(table->scols, !header);
	if (!isatty(STDOUT_FILENO))
		scols_table_set_termforce(table->scols, SCOLS_TERMFORCE_NEVER);
	for (i = 0; i < count; i++) {
		bool right = columns[i][0] == '>';

		if (!scols_table_new_column(table->scols, columns[i] + right, 0,
					    right ? SCOLS_FL_RIGHT : 0))
			give_up();
	}
	return table;
}

void table_row(struct table *table, const char *const *texts)
{
	struct libscols_line *line = scols_table_new_line(table->scols, NULL);
	int i;

	if (!line)
		give_up();
	for (i = 0; i < table->columns; i++)
		if (scols_line_set_data(line, (size_t)i, texts[i]))
			give_up();
}

void table_print(struct table *table)
{
	if (!scols_table_is_empty(table->scols))
		scols_print_table(table->scols);
	scols_unref_table(table->scols);
	free(table);
}
