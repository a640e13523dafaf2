// SPDX-License-Identifier: GPL-2.0-or-later
/* What the status socket and the trace say: the formats of report.h, to the letter. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "history.h"
#include "log.h"
#include "report.h"
#include "trace.h"

#include "kselftest_harness.h"

static struct report_move moves[] = {
	{ .id = 77, .tx_rate = 125000, .action = REPORT_OFFLOAD, .peer = "vm-2" },
	{ .id = UINT64_MAX, .tx_rate = 0, .action = REPORT_RECALL },
};

static void fill(struct report_tick *tick)
{
	memset(tick, 0, sizeof(*tick));
	tick->sample.time_ms = 1767225600123;
	tick->sample.reading[CONFIG_CPU] =
		(struct metrics_reading){ .used = 0.25, .capacity = 0.5 };
	tick->sample.error[CONFIG_MEMORY] = -EIO;
	tick->sample.reading[CONFIG_NETWORK] = (struct metrics_reading){
		.used = 1300000,
		.capacity = 2500000,
	};
	tick->sample.reading[CONFIG_CONNS] = (struct metrics_reading){ .used = 12 };
	tick->sample.load = 0.52;
	tick->sample.worst = CONFIG_NETWORK;
	tick->demand = 0.71;
	tick->relayed = 475000;
	strcpy(tick->model, "arima(1,1,1)");
	tick->step_ms = 1000;
	tick->steps = 2;
	tick->mean[0] = 0.6;
	tick->mean[1] = 0.9;
	tick->lo[0] = 0.5;
	tick->lo[1] = -INFINITY;
	tick->hi[0] = 0.7;
	tick->hi[1] = NAN;
	tick->threshold = 0.8;
	tick->verdict = (struct decide_verdict){
		.state = DECIDE_PREDICTED,
		.peak = 0.9,
		.crossing = 2,
	};
	tick->conns = 12;
	tick->offloaded = -1;
	tick->missed = 3;
	tick->moves = moves;
	tick->move_count = 2;
}

static const char tick_text[] =
	"{\"t_ms\":1767225600123,\"resources\":{"
	"\"cpu\":{\"load\":0.5000,\"used\":0.2500,\"capacity\":0.5000,\"unit\":\"cpus\"},"
	"\"memory\":{\"load\":null,\"unit\":\"bytes\"},"
	"\"network\":{\"load\":0.5200,\"used\":1300000.0000,\"capacity\":2500000.0000,"
	"\"unit\":\"bytes_per_second\"},"
	"\"conns\":{\"load\":null,\"used\":12.0000,\"capacity\":null,"
	"\"unit\":\"connections\"}},"
	"\"load\":0.5200,\"worst\":\"network\",\"demand\":0.7100,"
	"\"relayed_bytes_per_second\":475000.0000,\"hosted_bytes_per_second\":0.0000,"
	"\"forecast\":{\"model\":\"arima(1,1,1)\",\"step_ms\":1000,\"mean\":[0.6000,0.9000],"
	"\"lo\":[0.5000,null],\"hi\":[0.7000,null]},"
	"\"threshold\":0.8000,\"state\":\"overload predicted\",\"predicted\":true,"
	"\"crossing_ms\":2000,\"peak\":0.9000,\"conns\":12,\"offloaded\":null,\"missed\":3,"
	"\"moves\":[{\"id\":77,\"action\":\"offload\",\"peer\":\"vm-2\","
	"\"tx_bytes_per_second\":125000},"
	"{\"id\":18446744073709551615,\"action\":\"recall\",\"peer\":null,"
	"\"tx_bytes_per_second\":0}]}";

TEST(tick)
{
	static struct report_tick tick;
	struct json_object *doc;

	fill(&tick);
	doc = report_tick_json(&tick);
	EXPECT_STREQ(tick_text, json_object_to_json_string_ext(doc, JSON_C_TO_STRING_PLAIN));
	json_object_put(doc);
}

TEST(tick_without_load_and_forecast)
{
	static struct report_tick tick;
	struct json_object *doc, *value;

	fill(&tick);
	tick.sample.load = NAN;
	tick.steps = 0;
	tick.threshold = NAN;
	tick.verdict = (struct decide_verdict){ .peak = NAN, .crossing = -1 };
	tick.move_count = 0;
	doc = report_tick_json(&tick);
	EXPECT_TRUE(json_object_object_get_ex(doc, "load", &value));
	EXPECT_EQ(NULL, value);
	EXPECT_TRUE(json_object_object_get_ex(doc, "worst", &value));
	EXPECT_EQ(NULL, value);
	EXPECT_TRUE(json_object_object_get_ex(doc, "forecast", &value));
	EXPECT_EQ(NULL, value);
	EXPECT_TRUE(json_object_object_get_ex(doc, "crossing_ms", &value));
	EXPECT_EQ(NULL, value);
	EXPECT_TRUE(json_object_object_get_ex(doc, "state", &value));
	EXPECT_STREQ("unknown", json_object_get_string(value));
	EXPECT_TRUE(json_object_object_get_ex(doc, "moves", &value));
	EXPECT_EQ(0, json_object_array_length(value));
	json_object_put(doc);
}

TEST(status)
{
	struct report_peer peer = { .name = "vm-2",
				    .id = 2,
				    .state = "up",
				    .load = 0.3,
				    .forecast = 0.4,
				    .free = 0.5,
				    .rtt_us = 214 };
	static struct config config;
	static const char *const ends[] = { "closed", "tls", NULL };
	static const uint64_t ended[] = { 3, 4 };
	static const struct report_control_peer links[] = {
		{ .name = "vm-2", .connected = true, .epochs = 7, .since_ms = 1234 },
		{ .name = "vm-3" },
	};
	static const struct report_control control = { .accepted = 9,
						       .agreed = 7,
						       .limited = 1,
						       .end_names = ends,
						       .ended = ended,
						       .peers = links,
						       .peer_count = 2 };
	struct report_status status = { .config = &config,
					.peers = &peer,
					.peer_count = 1,
					.control = &control,
					.totals = { .ticks = 5, .refused = 1 } };
	struct json_object *doc, *value, *inner;

	strcpy(config.node.name, "vm-1");
	config.node.id = 1;
	doc = report_status_json(&status);
	ASSERT_NE(NULL, doc);
	EXPECT_TRUE(json_object_object_get_ex(doc, "last", &value));
	EXPECT_EQ(NULL, value);
	EXPECT_TRUE(json_object_object_get_ex(doc, "last_error", &value));
	EXPECT_EQ(NULL, value);
	EXPECT_TRUE(json_object_object_get_ex(doc, "peers", &value));
	inner = json_object_array_get_idx(value, 0);
	EXPECT_STREQ("{\"name\":\"vm-2\",\"id\":2,\"state\":\"up\",\"load\":0.3000,"
		     "\"forecast\":0.4000,\"free\":0.5000,\"capacity_bytes_per_second\":null,"
		     "\"rtt_us\":214,\"conns_offloaded\":0}",
		     json_object_to_json_string_ext(inner, JSON_C_TO_STRING_PLAIN));
	EXPECT_TRUE(json_object_object_get_ex(doc, "control", &value));
	EXPECT_STREQ("{\"accepted\":9,\"agreed\":7,\"limited\":1,\"ended\":{\"closed\":3,"
		     "\"tls\":4},\"peers\":[{\"name\":\"vm-2\",\"connected\":true,"
		     "\"epochs\":7,\"since_ms\":1234},{\"name\":\"vm-3\",\"connected\":false,"
		     "\"epochs\":0,\"since_ms\":null}]}",
		     json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
	EXPECT_TRUE(json_object_object_get_ex(doc, "totals", &value));
	EXPECT_STREQ("{\"ticks\":5,\"missed\":0,\"rounds\":0,\"offloaded\":0,\"recalled\":0,"
		     "\"refused\":1}",
		     json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
	json_object_put(doc);
}

TEST(last_error_in_status)
{
	static struct config config;
	struct report_status status = { .config = &config };
	struct json_object *doc, *value;
	int old = dup(STDERR_FILENO);
	int null = open("/dev/null", O_WRONLY);

	dup2(null, STDERR_FILENO);
	log_warn("peer \"%s\": it\nbroke", "vm-2");
	log_info("nothing");
	dup2(old, STDERR_FILENO);
	close(null);
	close(old);
	doc = report_status_json(&status);
	EXPECT_TRUE(json_object_object_get_ex(doc, "last_error", &value));
	EXPECT_STREQ("peer \"vm-2\": it?broke", json_object_get_string(value));
	EXPECT_TRUE(json_object_object_get_ex(doc, "error_count", &value));
	EXPECT_EQ(1, json_object_get_int(value));
	json_object_put(doc);
}

TEST(history)
{
	const struct history_sample samples[] = {
		{ 1000, 0.1, 0.2, 0.3, 12, 0.3 },
		{ 2000, NAN, NAN, NAN, NAN, NAN },
	};
	struct json_object *doc = report_history_json(samples, 2);

	EXPECT_STREQ("{\"samples\":[{\"t_ms\":1000,\"load\":0.3000,\"cpu\":0.1000,"
		     "\"memory\":0.2000,\"network\":0.3000,\"conns\":12.0000},"
		     "{\"t_ms\":2000,\"load\":null,\"cpu\":null,\"memory\":null,"
		     "\"network\":null,\"conns\":null}]}",
		     json_object_to_json_string_ext(doc, JSON_C_TO_STRING_PLAIN));
	json_object_put(doc);
	doc = report_history_json(NULL, 0);
	EXPECT_STREQ("{\"samples\":[]}",
		     json_object_to_json_string_ext(doc, JSON_C_TO_STRING_PLAIN));
	json_object_put(doc);
}

TEST(trace_lines)
{
	char path[] = "/tmp/test_report.XXXXXX";
	struct json_object *line = report_error_json("a\nb");
	struct trace *trace;
	char text[128] = "";
	int fd = mkstemp(path);

	ASSERT_GE(fd, 0);
	trace = trace_open(path);
	ASSERT_NE(NULL, trace);
	trace_write(trace, line);
	trace_write(trace, line);
	EXPECT_EQ(34, read(fd, text, sizeof(text) - 1));
	EXPECT_STREQ("{\"error\":\"a\\nb\"}\n{\"error\":\"a\\nb\"}\n", text);
	trace_close(trace);
	json_object_put(line);
	close(fd);
	unlink(path);
	EXPECT_EQ(NULL, trace_open("/nonexistent/trace"));
	EXPECT_EQ(ENOENT, errno);
}

TEST_HARNESS_MAIN
