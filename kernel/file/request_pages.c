/* The memory that requests of block devices are in: of every tag one request is made beforehand. */
#include <errno.h>
#include <stdlib.h>

#include "dump/base/cleanup.h"
#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/fields.h"
#include "kernel/file/disk.h"
#include "kernel/file/requests.h"
#include "kernel/walk/list.h"

#define ORDER_MAX 10 /* of pages that are allocated at once */

struct count {
	struct kernel *k;
	uint64_t *seen; /* tags that were counted: queues share them */
	size_t n;
	uint64_t pages;
};

/* blk_mq_alloc_rqs(): page->private is the order of an allocation, page->lru its place in the list. */
int tags_pages(struct kernel *k, uint64_t tags, uint64_t *ret)
{
	struct list_walk w;
	uint64_t head, page, order, sum = 0;
	int r = field_addr(k, tags, F_tags_page_list, &head);

	if (r >= 0)
		r = list_begin(&w, k, head, F_page_lru);
	while (r >= 0 && (r = list_next(&w, &page)) > 0) {
		r = field_u64(k, page, F_page_private, &order);
		if (r >= 0 && order > ORDER_MAX)
			r = fail(-EBADMSG, "2^%lu pages at once", order);
		if (r >= 0)
			sum += 1ull << order;
	}
	if (r < 0)
		return within(r, "tags at %#lx", tags);
	*ret = sum;
	return 0;
}

static int add_tags(void *arg, uint64_t tags)
{
	struct count *c = arg;
	uint64_t pages;
	int r;

	for (size_t i = 0; i < c->n; i++)
		if (c->seen[i] == tags)
			return 0;
	if (c->n == LIMIT_TAG_SETS)
		return fail(-ELOOP, "more than %u sets of tags", LIMIT_TAG_SETS);
	c->seen[c->n++] = tags;
	r = tags_pages(c->k, tags, &pages);
	if (r >= 0)
		c->pages += pages;
	return r;
}

static int add_disk(void *arg, const struct disk_part *p)
{
	struct count *c = arg;
	uint64_t queue;
	int r;

	if (p->part)
		return 0;
	r = field_u64(c->k, p->disk, F_gendisk_queue, &queue);
	if (r >= 0 && queue)
		r = request_tags_each(c->k, queue, add_tags, c);
	return r == -EOPNOTSUPP ? 0 : r;
}

int request_pages(struct kernel *k, uint64_t *ret)
{
	_free_ uint64_t *seen = malloc(LIMIT_TAG_SETS * sizeof(*seen));
	struct count c = { .k = k, .seen = seen };
	int r = seen ? disks_each(k, add_disk, &c) : fail(-ENOMEM, "sets of tags");

	if (r < 0)
		return within(r, "requests of block devices");
	*ret = c.pages;
	return 0;
}
