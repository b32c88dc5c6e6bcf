/* The page map of a process: of each of its pages that is there or in swap, the address and the
 * word that /proc/PID/pagemap has for it, in hexadecimal, a line each.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

#define PAGE 4096ul
/* Of one mapping; what is beyond is not written. */
#define MAX_PAGES (64ul << 20 >> 12)

static void show_range(FILE *out, int fd, uint64_t start, uint64_t end)
{
	static uint64_t words[MAX_PAGES];
	uint64_t count = (end - start) / PAGE;
	ssize_t n;

	if (count > MAX_PAGES)
		count = MAX_PAGES;
	n = pread(fd, words, count * sizeof(words[0]), start / PAGE * sizeof(words[0]));
	for (ssize_t i = 0; i < n / (ssize_t)sizeof(words[0]); i++)
		if (words[i])
			fprintf(out, "%llx %llx\n", (unsigned long long)(start + i * PAGE),
				(unsigned long long)words[i]);
}

void pagemap_copy(struct tar *tar, const char *pid)
{
	const struct stat st = { .st_mode = S_IFREG | 0600, .st_mtime = time(NULL) };
	unsigned long long start, end;
	char path[64], *text = NULL, line[5000];
	size_t len = 0;
	FILE *maps, *out;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "re");
	snprintf(path, sizeof(path), "/proc/%s/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	out = open_memstream(&text, &len);
	while (maps && fd >= 0 && out && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%llx-%llx ", &start, &end) == 2)
			show_range(out, fd, start, end);
	if (out)
		fclose(out);
	if (len) {
		snprintf(path, sizeof(path), "pagemap/%s", pid);
		tar_file(tar, path, &st, text, len);
	}
	free(text);
	close(fd);
	if (maps)
		fclose(maps);
}
