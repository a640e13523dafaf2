// SPDX-License-Identifier: GPL-2.0-or-later
/* say: spillctl's words on stderr, and the exit codes that go with them. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "spillctl.h"

static void say(const struct spillctl *ctl, const char *format, va_list args)
{
	fprintf(stderr, "spillctl: %s%s", ctl->verb ? ctl->verb : "", ctl->verb ? ": " : "");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

/* Always returns EXIT_USAGE. */
int say_usage(const struct spillctl *ctl, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(ctl, format, args);
	va_end(args);
	return EXIT_USAGE;
}

/* Always returns EXIT_REFUSED. */
int say_error(const struct spillctl *ctl, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(ctl, format, args);
	va_end(args);
	return EXIT_REFUSED;
}

/* Only tells; what is asked for is done all the same. */
void say_warning(const struct spillctl *ctl, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(ctl, format, args);
	va_end(args);
}

static int exit_code(int err)
{
	switch (err) {
	case EPROTONOSUPPORT:
		return EXIT_UNREACHABLE;
	case ENOENT:
	case ENODEV:
		return EXIT_NO_OBJECT;
	default:
		return EXIT_REFUSED;
	}
}

int say_failed(const struct spillctl *ctl, const struct nl_error *error)
{
	say_error(ctl, "%s", error->text);
	return exit_code(error->err);
}
