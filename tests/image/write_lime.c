/* LiME: each range of RAM behind a header of its own. */
#include "tests/image/write.h"

#include <stdlib.h>
#include <string.h>

#define LIME_MAGIC 0x4c694d45

/* LiME knows no pages that are RAM but not saved: such a run is left out. */
void write_lime(const struct image *img, const struct shape *shape, struct sink *sink)
{
	struct stream *out = must_alloc(sizeof(*out));
	void *page = must_alloc(img->page_size);
	uint64_t left = shape->keep_pages ? shape->keep_pages : UINT64_MAX;

	stream_init(out, sink, 0);
	for (size_t i = 0; i < img->nr_runs && left; i++) {
		const struct run *run = &img->runs[i];
		uint64_t start = run->pfn * img->page_size, size = run->count * img->page_size;
		unsigned char head[32] = { 0 };

		if (run->fill == FILL_NONE)
			continue;
		put_uint(head, LIME_MAGIC, 4);
		put_uint(head + 4, 1, 4);
		put_uint(head + 8, start, 8);
		put_uint(head + 16, start + size - 1, 8);
		stream_put(out, head, sizeof(head));
		for (uint64_t n = 0; n < run->count && left; n++, left--) {
			image_page(img, run, run->pfn + n, page);
			stream_put(out, page, img->page_size);
		}
	}
	stream_flush(out);
	free(page);
	free(out);
}
