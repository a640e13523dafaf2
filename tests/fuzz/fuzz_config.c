// SPDX-License-Identifier: GPL-2.0-or-later
/* The configuration: taken whole, or refused with one line that names the file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_error error = { "" };
	struct config config;

	if (!config_parse(&config, "fuzz.json", (const char *)data, size, &error)) {
		config_free(&config);
		return 0;
	}
	if (strncmp(error.text, "fuzz.json", 9) || strpbrk(error.text, "\n\r\033"))
		abort();
	return 0;
}
