// SPDX-License-Identifier: GPL-2.0-or-later
/* history: samples, forecasts and moves in SQLite, in WAL mode so that readers never wait. */
#include <errno.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"

#define VERSION 1

static const char schema[] =
	"CREATE TABLE sample (time_ms INTEGER PRIMARY KEY, cpu REAL, memory REAL,"
	" network REAL, conns REAL, load REAL);"
	"CREATE TABLE forecast (time_ms INTEGER, ahead_ms INTEGER, mean REAL, lo REAL,"
	" hi REAL, threshold REAL, PRIMARY KEY (time_ms, ahead_ms)) WITHOUT ROWID;"
	"CREATE TABLE move (time_ms INTEGER, conn_id INTEGER, peer_id INTEGER,"
	" tx_rate INTEGER);"
	"CREATE INDEX move_time ON move (time_ms);"
	"PRAGMA user_version = 1;";

enum statement { ADD_SAMPLE, ADD_FORECAST, ADD_MOVE, GET_SAMPLES, STATEMENTS };

static const char *const statements[STATEMENTS] = {
	[ADD_SAMPLE] = "INSERT OR REPLACE INTO sample VALUES (?, ?, ?, ?, ?, ?)",
	[ADD_FORECAST] = "INSERT OR REPLACE INTO forecast VALUES (?, ?, ?, ?, ?, ?)",
	[ADD_MOVE] = "INSERT INTO move VALUES (?, ?, ?, ?)",
	[GET_SAMPLES] = "SELECT time_ms, cpu, memory, network, conns, load FROM sample"
			" WHERE time_ms BETWEEN ? AND ? ORDER BY time_ms",
};

struct history {
	sqlite3 *db;
	sqlite3_stmt *prepared[STATEMENTS];
};

static int read_version(sqlite3 *db, int *version)
{
	sqlite3_stmt *statement;
	int ret;

	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL))
		return -EIO;
	ret = sqlite3_step(statement) == SQLITE_ROW ? 0 : -EIO;
	*version = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return ret;
}

/* An empty database becomes ours; one of another version is left alone. */
static int prepare_schema(sqlite3 *db, const char *path, char *error, size_t size)
{
	int version = 0;

	if (read_version(db, &version) ||
	    sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", NULL, NULL,
			 NULL)) {
		snprintf(error, size, "%s: %s", path, sqlite3_errmsg(db));
		return -EIO;
	}
	if (version > VERSION) {
		snprintf(error, size, "%s: made by a newer spilld (version %d)", path, version);
		return -EIO;
	}
	if (version < VERSION && sqlite3_exec(db, schema, NULL, NULL, NULL)) {
		snprintf(error, size, "%s: %s", path, sqlite3_errmsg(db));
		return -EIO;
	}
	return 0;
}

static int prepare_all(struct history *h, const char *path, char *error, size_t size)
{
	int i;

	for (i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(h->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &h->prepared[i], NULL)) {
			snprintf(error, size, "%s: %s", path, sqlite3_errmsg(h->db));
			return -EIO;
		}
	return 0;
}

struct history *history_open(const char *path, char *error, size_t size)
{
	struct history *h = calloc(1, sizeof(*h));

	if (!h) {
		snprintf(error, size, "no memory");
		return NULL;
	}
	if (sqlite3_open(path, &h->db)) {
		snprintf(error, size, "%s: %s", path, h->db ? sqlite3_errmsg(h->db) : "no memory");
		history_close(h);
		return NULL;
	}
	sqlite3_busy_timeout(h->db, 200);
	if (prepare_schema(h->db, path, error, size) || prepare_all(h, path, error, size)) {
		history_close(h);
		return NULL;
	}
	return h;
}

void history_close(struct history *history)
{
	int i;

	if (!history)
		return;
	for (i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(history->prepared[i]);
	sqlite3_close(history->db);
	free(history);
}

const char *history_error(struct history *history)
{
	return sqlite3_errmsg(history->db);
}

/* SQLite has no NaN: unknown is NULL. */
static void bind(sqlite3_stmt *statement, int column, double value)
{
	if (isnan(value))
		sqlite3_bind_null(statement, column);
	else
		sqlite3_bind_double(statement, column, value);
}

static double column(sqlite3_stmt *statement, int index)
{
	return sqlite3_column_type(statement, index) == SQLITE_NULL ?
		       NAN :
		       sqlite3_column_double(statement, index);
}

static int run(sqlite3_stmt *statement)
{
	int ret = sqlite3_step(statement) == SQLITE_DONE ? 0 : -EIO;

	sqlite3_reset(statement);
	return ret;
}

int history_add_sample(struct history *history, const struct history_sample *sample)
{
	sqlite3_stmt *s = history->prepared[ADD_SAMPLE];

	sqlite3_bind_int64(s, 1, sample->time_ms);
	bind(s, 2, sample->cpu);
	bind(s, 3, sample->memory);
	bind(s, 4, sample->network);
	bind(s, 5, sample->conns);
	bind(s, 6, sample->load);
	return run(s);
}

int history_add_forecast(struct history *history, const struct history_forecast *forecast)
{
	sqlite3_stmt *s = history->prepared[ADD_FORECAST];

	sqlite3_bind_int64(s, 1, forecast->time_ms);
	sqlite3_bind_int64(s, 2, forecast->ahead_ms);
	bind(s, 3, forecast->mean);
	bind(s, 4, forecast->lo);
	bind(s, 5, forecast->hi);
	bind(s, 6, forecast->threshold);
	return run(s);
}

int history_add_move(struct history *history, int64_t time_ms, uint64_t conn_id, uint16_t peer_id,
		     uint64_t tx_rate)
{
	sqlite3_stmt *s = history->prepared[ADD_MOVE];

	sqlite3_bind_int64(s, 1, time_ms);
	sqlite3_bind_int64(s, 2, (int64_t)conn_id);
	sqlite3_bind_int(s, 3, peer_id);
	sqlite3_bind_int64(s, 4, (int64_t)tx_rate);
	return run(s);
}

static int take_row(sqlite3_stmt *s, struct history_sample **samples, size_t *count, size_t *room)
{
	struct history_sample *more;

	if (*count == *room) {
		*room = *room ? 2 * *room : 64;
		more = reallocarray(*samples, *room, sizeof(*more));
		if (!more)
			return -ENOMEM;
		*samples = more;
	}
	(*samples)[(*count)++] = (struct history_sample){
		.time_ms = sqlite3_column_int64(s, 0),
		.cpu = column(s, 1),
		.memory = column(s, 2),
		.network = column(s, 3),
		.conns = column(s, 4),
		.load = column(s, 5),
	};
	return 0;
}

int history_samples(struct history *history, int64_t from_ms, int64_t to_ms,
		    struct history_sample **samples, size_t *count)
{
	sqlite3_stmt *s = history->prepared[GET_SAMPLES];
	size_t room = 0;
	int ret = 0, step;

	*samples = NULL;
	*count = 0;
	sqlite3_bind_int64(s, 1, from_ms);
	sqlite3_bind_int64(s, 2, to_ms);
	while ((step = sqlite3_step(s)) == SQLITE_ROW && !ret)
		ret = take_row(s, samples, count, &room);
	if (!ret && step != SQLITE_DONE)
		ret = -EIO;
	sqlite3_reset(s);
	if (ret) {
		free(*samples);
		*samples = NULL;
		*count = 0;
	}
	return ret;
}

int history_trim(struct history *history, int64_t before_ms)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "BEGIN; DELETE FROM sample WHERE time_ms < %lld;"
		 "DELETE FROM forecast WHERE time_ms < %lld;"
		 "DELETE FROM move WHERE time_ms < %lld; COMMIT",
		 (long long)before_ms, (long long)before_ms, (long long)before_ms);
	if (!sqlite3_exec(history->db, sql, NULL, NULL, NULL))
		return 0;
	sqlite3_exec(history->db, "ROLLBACK", NULL, NULL, NULL);
	return -EIO;
}
