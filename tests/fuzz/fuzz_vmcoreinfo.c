#include "dump/vmcoreinfo.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

/* The text, and its first line as a key to look up. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), key[64] = "";
	struct vmcoreinfo vi;
	uint64_t value;
	size_t len;

	vmcoreinfo_recognise(data, size);
	memcpy(text, data, size);
	text[size] = 0;
	vi = (struct vmcoreinfo){ .text = text, .len = strlen(text) };
	len = strcspn(text, "=\n");
	memcpy(key, text, len < sizeof(key) ? len : sizeof(key) - 1);
	vmcoreinfo_value(&vi, key, &len);
	vmcoreinfo_symbol(&vi, key, &value);
	vmcoreinfo_number(&vi, "phys_base", &value);
	vmcoreinfo_size(&vi, "page", &value);
	vmcoreinfo_decimal(&vi, key, &value);
	vmcoreinfo_hex(&vi, key, &value);
	free(text);
	return 0;
}
