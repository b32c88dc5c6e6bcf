#include "dump/format.h"

static const struct format *const formats[] = { &format_elf, &format_kdump, &format_lime };

const struct format *format_probe(const unsigned char *head, size_t len)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i]->probe(head, len))
			return formats[i];
	return NULL;
}
