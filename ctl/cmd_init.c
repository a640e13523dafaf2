// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * spillctl init: a node's key and configuration, and the line by which its peers know
 * it. What exists is not overwritten: a key is kept, a configuration is an error.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "identity.h"
#include "keyfile.h"
#include "spillctl.h"
#include "units.h"

/**
 * struct node - words of init
 * @name: in the pool
 * @id: in the pool
 * @addr: where its peers reach it
 * @port: likewise
 * @uplink: netdevice; NULL: the load of none counts
 * @rate: its capacity, as text
 * @dir: where the files go
 */
struct node {
	const char *name;
	uint64_t id;
	struct address addr;
	uint16_t port;
	const char *uplink;
	const char *rate;
	const char *dir;
};

#define USAGE "usage: init NAME id N endpoint ADDR[:PORT] [uplink DEVICE rate RATE] [dir DIR]"

/* As the configuration will have it, see %CONFIG_NAME. */
static bool take_name(const struct spillctl *ctl, const char *what, const char *text,
		      const char **name)
{
	*name = text;
	if (!arg_name(ctl, what, text))
		return false;
	if (!text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")])
		return true;
	say_usage(ctl, "%s: only letters, digits, '.', '_' and '-' may be used", what);
	return false;
}

static bool read_word(const struct spillctl *ctl, const char *word, const char *value,
		      struct node *node)
{
	uint64_t rate;

	if (!strcmp(word, "id"))
		return arg_number(ctl, word, value, 1, UINT16_MAX, &node->id);
	if (!strcmp(word, "endpoint"))
		return arg_endpoint(ctl, value, &node->addr, &node->port);
	if (!strcmp(word, "uplink"))
		return take_name(ctl, word, value, &node->uplink);
	if (!strcmp(word, "rate")) {
		node->rate = value;
		if (!units_parse_rate(value, &rate))
			return true;
		say_usage(ctl, "rate: \"%s\" is not a rate such as 1gbit", value);
		return false;
	}
	if (!strcmp(word, "dir")) {
		node->dir = value;
		return true;
	}
	say_usage(ctl, USAGE);
	return false;
}

static bool read_words(const struct spillctl *ctl, int argc, char **argv, struct node *node)
{
	if (argc % 2 != 1) {
		say_usage(ctl, USAGE);
		return false;
	}
	if (!take_name(ctl, "name", argv[0], &node->name))
		return false;
	for (int i = 1; i < argc; i += 2) {
		if (!read_word(ctl, argv[i], argv[i + 1], node))
			return false;
	}
	if (node->id && node->port && !node->uplink == !node->rate)
		return true;
	say_usage(ctl, USAGE);
	return false;
}

/* A new file that only its owner may read; a negative errno, -EEXIST where there is one. */
static int write_file(const char *path, const char *text)
{
	size_t len = strlen(text);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, len) == (ssize_t)len && !fsync(fd) ? 0 : -EIO;
	if (close(fd))
		ret = -EIO;
	if (ret)
		unlink(path);
	return ret;
}

static int make_key(const struct spillctl *ctl, const char *path)
{
	uint8_t key[IDENTITY_KEY_LEN];
	char text[64 + 1];
	int ret;

	if (identity_generate(key))
		return say_error(ctl, "no key can be made");
	keyfile_encode(key, text);
	strcat(text, "\n");
	ret = write_file(path, text);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(text, sizeof(text));
	return ret && ret != -EEXIST ? say_error(ctl, "%s: %s", path, strerror(-ret)) : EXIT_DONE;
}

static int read_public(const struct spillctl *ctl, const char *path, char text[64])
{
	uint8_t private[IDENTITY_KEY_LEN], public[IDENTITY_KEY_LEN];
	char error[512];
	int ret;

	if (keyfile_read(path, private, error, sizeof(error)))
		return say_error(ctl, "%s", error);
	ret = identity_derive_public(private, public);
	OPENSSL_cleanse(private, sizeof(private));
	if (ret)
		return say_error(ctl, "%s: no public key belongs to it", path);
	keyfile_encode(public, text);
	return EXIT_DONE;
}

static int make_config(const struct spillctl *ctl, const struct node *node, const char *path,
		       const char *key_path)
{
	char sources[256] = "\"count\": [ \"cpu\", \"memory\" ]", text[2048];
	int ret;

	if (node->uplink)
		snprintf(sources, sizeof(sources), "\"uplink\": \"%s\", \"uplink_rate\": \"%s\"",
			 node->uplink, node->rate);
	snprintf(text, sizeof(text),
		 "// Spillway: configuration of spilld, begun by spillctl init\n"
		 "{\n"
		 "\t\"node\": {\n"
		 "\t\t\"name\": \"%s\",\n"
		 "\t\t\"id\": %u,\n"
		 "\t\t\"port\": %u,\n"
		 "\t\t\"private_key_file\": \"%s\"\n"
		 "\t},\n"
		 "\t\"peers\": [\n"
		 "\t],\n"
		 "\t\"sources\": { %s }\n"
		 "}\n",
		 node->name, (unsigned int)node->id, node->port, key_path, sources);
	ret = write_file(path, text);
	return ret ? say_error(ctl, "%s: %s", path, strerror(-ret)) : EXIT_DONE;
}

/* Its full path goes into the configuration, between quotes. */
static int make_dir(const struct spillctl *ctl, const char *dir, char *full, size_t size)
{
	char *path;
	bool fits;

	if (mkdir(dir, 0700) && errno != EEXIST)
		return say_error(ctl, "%s: %s", dir, strerror(errno));
	path = realpath(dir, NULL);
	if (!path)
		return say_error(ctl, "%s: %s", dir, strerror(errno));
	fits = (size_t)snprintf(full, size, "%s", path) < size && !strpbrk(path, "\"\\\n");
	free(path);
	return fits ? EXIT_DONE : say_error(ctl, "%s: too long a path, or with a quote", dir);
}

int cmd_init(struct spillctl *ctl, int argc, char **argv)
{
	struct node node = { .dir = CONFIG_DIR };
	char dir[128], key_path[160], config_path[160], public[64];
	char endpoint[ENDPOINT_TEXT_MAX];
	int ret;

	if (!read_words(ctl, argc, argv, &node))
		return EXIT_USAGE;
	ret = make_dir(ctl, node.dir, dir, sizeof(dir));
	if (ret)
		return ret;
	snprintf(key_path, sizeof(key_path), "%s/private.key", dir);
	snprintf(config_path, sizeof(config_path), "%s/spillway.json", dir);
	if (!access(config_path, F_OK))
		return say_error(ctl, "%s: %s", config_path, strerror(EEXIST));
	ret = make_key(ctl, key_path);
	if (!ret)
		ret = read_public(ctl, key_path, public);
	if (!ret)
		ret = make_config(ctl, &node, config_path, key_path);
	if (ret)
		return ret;
	printf("%s id %u endpoint %s key %s\n", node.name, (unsigned int)node.id,
	       endpoint_text(&node.addr, node.port, endpoint), public);
	return fflush(stdout) ? EXIT_REFUSED : EXIT_DONE;
}
