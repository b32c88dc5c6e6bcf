#include "fs/reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/names.h"

/* The last number of the line NSpid: it is of the innermost namespace. */
static uint64_t innermost_pid(pid_t pid)
{
	char path[64], *line = NULL;
	uint64_t ret = 0;
	size_t room = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (getline(&line, &room, f) > 0) {
		if (strncmp(line, "NSpid:", 6))
			continue;
		ret = strtoul(strrchr(line, '\t') ? strrchr(line, '\t') + 1 : "", NULL, 10);
		break;
	}
	free(line);
	fclose(f);
	return ret;
}

bool reader_calls_itself(pid_t pid, const char *name)
{
	uint64_t number;

	if (pid <= 0 || name_number(name, &number) < 0)
		return false;
	return number == (uint64_t)pid || number == innermost_pid(pid);
}
