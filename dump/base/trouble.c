#include "dump/base/trouble.h"

#include <string.h>

#include "dump/base/err.h"

static _Thread_local volatile int noted;

int trouble_note(int code)
{
	noted = code;
	return code;
}

int trouble_begin(void)
{
	int before = noted;

	noted = 0;
	return before;
}

void trouble_end(int before)
{
	if (!noted)
		noted = before;
}

void trouble_undo(int before)
{
	noted = before;
}

int trouble(void)
{
	return noted ? fail(noted, "a file could not be read: %s", strerror(-noted)) : 0;
}
