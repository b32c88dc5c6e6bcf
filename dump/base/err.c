#include "dump/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The one mutable global of the program: it belongs to its thread alone. */
static _Thread_local char message[512];

/* Text may quote bytes of the dump, and it ends in terminals and logs. */
static void make_printable(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

int fail(int code, const char *fmt, ...)
{
	char text[sizeof(message)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	make_printable(text);
	memcpy(message, text, sizeof(message));
	return code;
}

int within(int code, const char *fmt, ...)
{
	char text[sizeof(message)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	strncat(text, ": ", sizeof(text) - strlen(text) - 1);
	strncat(text, message, sizeof(text) - strlen(text) - 1);
	make_printable(text);
	memcpy(message, text, sizeof(message));
	return code;
}

const char *why(void)
{
	return message;
}
