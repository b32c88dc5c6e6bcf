#include "dump/notes.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	volatile size_t sum = 0;
	struct note *notes = NULL;
	size_t n = 0;

	notes_parse(data, size, &notes, &n);
	for (size_t i = 0; i < n; i++) {
		sum += strlen(notes[i].name);
		for (uint32_t j = 0; j < notes[i].desc_len; j++)
			sum += notes[i].desc[j];
	}
	note_find(notes, n, "VMCOREINFO", 0);
	free(notes);
	return 0;
}
