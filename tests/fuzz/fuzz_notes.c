#include "dump/notes.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct note *notes = NULL;
	size_t n = 0;

	notes_parse(data, size, &notes, &n);
	for (size_t i = 0; i < n; i++) {
		fuzz_use(strlen(notes[i].name));
		for (uint32_t j = 0; j < notes[i].desc_len; j++)
			fuzz_use(notes[i].desc[j]);
	}
	note_find(notes, n, "VMCOREINFO", 0);
	free(notes);
	return 0;
}
