/* Requests of block devices: by their tags, with a scheduler and without, and where these contradict
 * themselves. */
#include <errno.h>

#include "kernel/file/requests.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define AT(n) ((uint64_t)(FAKE_BASE + (n)))

/* Until v5.15 the bit maps of tags are behind pointers; from v5.19 to v6.18 hardware queues in an
 * xarray. */
#define COMMON_TYPES                                                                             \
	"sbitmap 24 u32 depth@0 u32 shift@4 u32 map_nr@8 ptr map@16\n"                           \
	"sbitmap_word 16 u64 word@0 u64 cleared@8\n"                                             \
	"blk_flush_queue 8 ptr flush_rq@0\n"                                                     \
	"blk_mq_hw_ctx 40 ptr tags@0 ptr sched_tags@8 u32 queue_num@16 ptr fq@24\n"              \
	"request 88 ptr q@0 u32 ref@8 u32 state@12 u32 cmd_flags@16 u64 __sector@24 "            \
	"u32 __data_len@32 u64 start_time_ns@40 u64 io_start_time_ns@48 ptr bio@56 s32 tag@64\n" \
	"bio 48 ptr bi_io_vec@0 ptr bi_end_io@8 ptr bi_private@16\n"                             \
	"bio_vec 16 ptr bv_page@0\n"                                                             \
	"page 64 u64[2] lru@8 ptr mapping@24 u64 private@32\n"                                   \
	"address_space 16 ptr host@0\n"

static const char types[] =
	COMMON_TYPES "blk_mq_tags 80 u32 nr_tags@0 u32 nr_reserved_tags@4 sbitmap bitmap_tags@8 "
		     "sbitmap breserved_tags@32 ptr static_rqs@56 u64[2] page_list@64\n"
		     "request_queue 24 ptr mq_ops@0 u32 nr_hw_queues@8 ptr queue_hw_ctx@16\n";

static const char older_types[] =
	COMMON_TYPES "blk_mq_tags 80 u32 nr_tags@0 u32 nr_reserved_tags@4 ptr bitmap_tags@8 "
		     "ptr breserved_tags@32 ptr static_rqs@56 u64[2] page_list@64\n"
		     "request_queue 24 ptr mq_ops@0 u32 nr_hw_queues@8 ptr queue_hw_ctx@16\n";

static const char table_types[] =
	COMMON_TYPES "blk_mq_tags 80 u32 nr_tags@0 u32 nr_reserved_tags@4 sbitmap bitmap_tags@8 "
		     "sbitmap breserved_tags@32 ptr static_rqs@56 u64[2] page_list@64\n"
		     "xarray 8 ptr xa_head@0\n"
		     "xa_node 520 u8 shift@0 u64[64] slots@8\n"
		     "request_queue 24 ptr mq_ops@0 u32 nr_hw_queues@8 xarray hctx_table@16\n";

#define QUEUE	   AT(0x100)
#define HCTX(i)	   AT(0x200 + 0x40 * (i))
#define FLUSH	   AT(0x300)
#define TAGS(i)	   AT(0x400 + 0x80 * (i)) /* 0: the driver's, 1: the scheduler's */
#define MAP(i)	   AT(0x600 + 0x40 * (i))
#define RQS(i)	   AT(0x1000 + 0x800 * (i))
#define REQUEST(i) AT(0x4000 + 0x80 * (i))
#define NR_TAGS	   70

static void put_request(struct fake *f, unsigned int i, uint64_t queue, unsigned int refs,
			unsigned int state)
{
	fake_put(f, REQUEST(i), queue, 8);
	fake_put(f, REQUEST(i) + 8, refs, 4);
	fake_put(f, REQUEST(i) + 12, state, 4);
	fake_put(f, REQUEST(i) + 24, 1000 + i, 8);
	fake_put(f, REQUEST(i) + 64, i, 4);
}

/* 70 tags of which the first two are reserved, in two words. */
static void put_tags(struct fake *f, unsigned int i, bool pointers)
{
	uint64_t map = pointers ? AT(0x800 + 0x80 * i) : TAGS(i) + 8;
	uint64_t reserved = pointers ? AT(0x840 + 0x80 * i) : TAGS(i) + 32;

	if (pointers) {
		fake_put(f, TAGS(i) + 8, map, 8);
		fake_put(f, TAGS(i) + 32, reserved, 8);
	}
	fake_put(f, TAGS(i), NR_TAGS, 4);
	fake_put(f, TAGS(i) + 4, 2, 4);
	fake_put(f, map, NR_TAGS - 2, 4);
	fake_put(f, map + 4, 6, 4);
	fake_put(f, map + 8, 2, 4);
	fake_put(f, map + 16, MAP(i), 8);
	fake_put(f, reserved, 2, 4);
	fake_put(f, reserved + 4, 6, 4);
	fake_put(f, reserved + 8, 1, 4);
	fake_put(f, reserved + 16, MAP(i) + 0x20, 8);
	fake_put(f, TAGS(i) + 56, RQS(i), 8);
}

/* A queue of one hardware queue, without a scheduler: tag 1, reserved, is in flight; 2 + 3 as well; 2 + 5
 * is being freed; 2 + 66 waits; 2 + 7 is another queue's. */
static struct fake *make(bool pointers)
{
	struct fake *f = fake_new();

	fake_put(f, QUEUE, AT(0x50), 8);
	fake_put(f, QUEUE + 8, 1, 4);
	fake_put(f, QUEUE + 16, AT(0x180), 8);
	fake_put(f, AT(0x180), HCTX(0), 8);
	fake_put(f, HCTX(0), TAGS(0), 8);
	put_tags(f, 0, pointers);
	for (unsigned int i = 0; i < NR_TAGS; i++)
		fake_put(f, RQS(0) + 8 * i, REQUEST(i), 8);
	put_request(f, 1, QUEUE, 1, 1);
	put_request(f, 5, QUEUE, 1, 1);
	put_request(f, 7, QUEUE, 0, 0);
	put_request(f, 9, QUEUE + 8, 1, 1);
	put_request(f, 68, QUEUE, 1, 0);
	fake_put(f, MAP(0), 1 << 3 | 1 << 5 | 1 << 7 | 1 << 8, 8);
	fake_put(f, MAP(0) + 8, 1 << 8, 8); /* given back, not yet taken out */
	fake_put(f, MAP(0) + 16, 1 << 2, 8);
	fake_put(f, MAP(0) + 0x20, 1 << 1, 8);
	put_request(f, 10, QUEUE, 1, 1);
	return f;
}

struct seen {
	unsigned int n;
	struct io_request rq[8];
};

static int see(void *arg, const struct io_request *rq)
{
	struct seen *seen = arg;

	assert_true(seen->n < ARRAY_SIZE(seen->rq));
	seen->rq[seen->n++] = *rq;
	return 0;
}

static void check(const struct seen *seen)
{
	static const struct {
		int32_t tag;
		enum io_state state;
	} expected[] = { { 1, IO_IN_FLIGHT }, { 5, IO_IN_FLIGHT }, { 68, IO_QUEUED } };

	assert_int_equal(seen->n, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(seen->rq[i].tag, expected[i].tag);
		assert_int_equal(seen->rq[i].state, expected[i].state);
		assert_int_equal(seen->rq[i].sector, 1000 + expected[i].tag);
		assert_int_equal(seen->rq[i].addr, REQUEST(expected[i].tag));
	}
}

static void whole(void **state)
{
	struct fake *f;

	(void)state;
	for (int form = 0; form < 3; form++) {
		struct seen seen = { 0 };

		f = make(form == 1);
		if (form == 2)
			fake_put(f, QUEUE + 16, HCTX(0), 8); /* the only entry of the xarray */
		fake_open(f);
		fake_structs(f, form == 0 ? types : form == 1 ? older_types : table_types);
		assert_ok(requests_each(f->kernel, QUEUE, see, &seen));
		check(&seen);
		fake_free(f);
	}
}

/* Two hardware queues that share their tags; a request of the scheduler; one that flushes. */
static void shared(void **state)
{
	struct fake *f = make(false);
	struct seen seen = { 0 };

	(void)state;
	fake_put(f, QUEUE + 8, 2, 4);
	fake_put(f, AT(0x188), HCTX(1), 8);
	for (unsigned int i = 0; i < 2; i++) {
		fake_put(f, HCTX(i), TAGS(0), 8);
		fake_put(f, HCTX(i) + 8, TAGS(1), 8);
		fake_put(f, HCTX(i) + 16, i, 4);
	}
	put_tags(f, 1, false);
	fake_put(f, MAP(1), 1, 8);
	fake_put(f, RQS(1) + 16, REQUEST(80), 8);
	put_request(f, 80, QUEUE, 1, 0);
	fake_put(f, HCTX(1) + 24, FLUSH, 8);
	fake_put(f, FLUSH, REQUEST(81), 8);
	put_request(f, 81, QUEUE, 1, 2);
	fake_open(f);
	fake_structs(f, types);
	assert_ok(requests_each(f->kernel, QUEUE, see, &seen));
	assert_int_equal(seen.n, 5);
	assert_int_equal(seen.rq[0].addr, REQUEST(80));
	assert_int_equal(seen.rq[4].addr, REQUEST(81));
	assert_int_equal(seen.rq[4].state, IO_COMPLETE);
	assert_int_equal(seen.rq[4].hwq, 1);
	fake_free(f);
}

static void broken(void **state)
{
	static const struct {
		uint64_t at, value;
		size_t size;
		int code;
		const char *text;
	} cases[] = {
		{ QUEUE, 0, 8, -EOPNOTSUPP, "without requests" },
		{ QUEUE + 8, 1u << 30, 4, -EBADMSG, "hardware queues" },
		{ AT(0x180), 0x400000, 8, -EFAULT, "hardware queue at" },
		{ TAGS(0), 1u << 30, 4, -EBADMSG, "1073741824 tags" },
		{ TAGS(0) + 16, 1u << 30, 4, -EBADMSG, "tags in" },
		{ TAGS(0) + 12, 63, 4, -EBADMSG, "tags in" },
		{ TAGS(0) + 24, 0x400000, 8, -EFAULT, "tags at" },
		{ TAGS(0) + 56, 0x400000, 8, -EFAULT, "tags at" },
		{ RQS(0) + 8 * 5, 0x400000, 8, -EFAULT, "tags at" },
		{ REQUEST(5) + 12, 77, 4, -EBADMSG, "state 77" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make(false);
		struct seen seen = { 0 };

		fake_put(f, cases[i].at, cases[i].value, cases[i].size);
		fake_open(f);
		fake_structs(f, types);
		assert_fails(requests_each(f->kernel, QUEUE, see, &seen), cases[i].code,
			     cases[i].text);
		fake_free(f);
	}
}

static int remember_tags(void *arg, uint64_t tags)
{
	uint64_t *sum = arg;

	*sum = *sum * 2 + (tags == TAGS(0) ? 1 : tags == TAGS(1) ? 2 : 100);
	return 0;
}

/* Two allocations: one of 16 pages, then another. */
static struct fake *with_pages(uint64_t next, uint64_t order)
{
	struct fake *f = make(false);

	fake_put(f, HCTX(0) + 8, TAGS(1), 8);
	fake_put(f, TAGS(0) + 64, AT(0x3008), 8);
	fake_put(f, AT(0x3008), AT(0x3108), 8);
	fake_put(f, AT(0x3108), next, 8);
	fake_put(f, AT(0x3020), 4, 8);
	fake_put(f, AT(0x3120), order, 8);
	fake_open(f);
	fake_structs(f, types);
	return f;
}

static void pages(void **state)
{
	static const struct {
		uint64_t next, order;
		int code;
		const char *text;
	} cases[] = {
		{ AT(0x3008), 0, -ELOOP, "comes again" },
		{ 0xdead000000000100, 0, -EBADMSG, "poison" },
		{ TAGS(0) + 64, 64, -EBADMSG, "2^64 pages" },
	};
	struct fake *f = with_pages(TAGS(0) + 64, 3);
	uint64_t n = 0;

	(void)state;
	assert_ok(request_tags_each(f->kernel, QUEUE, remember_tags, &n));
	assert_int_equal(n, 2 * 2 + 1); /* the scheduler's first */
	assert_ok(tags_pages(f->kernel, TAGS(0), &n));
	assert_int_equal(n, 16 + 8);
	fake_free(f);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		f = with_pages(cases[i].next, cases[i].order);
		assert_fails(tags_pages(f->kernel, TAGS(0), &n), cases[i].code, cases[i].text);
		fake_free(f);
	}
}

static void file_of_a_bio(void **state)
{
	static const struct {
		uint64_t vec, page, mapping, host;
		int code;
	} cases[] = {
		{ AT(0x1000), AT(0x2000), AT(0x3000), AT(0x100), 0 },
		{ 0, AT(0x2000), AT(0x3000), AT(0x100), -ENOENT },
		{ AT(0x1000), 0, AT(0x3000), AT(0x100), -ENOENT },
		{ AT(0x1000), AT(0x2000), AT(0x3001), AT(0x100), -ENOENT }, /* of a process */
		{ AT(0x1000), AT(0x2000), AT(0x3000), 0, -ENOENT },
		{ 0x400000, AT(0x2000), AT(0x3000), AT(0x100), -EFAULT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = fake_new();
		uint64_t inode = 0;

		fake_put(f, AT(0x800), cases[i].vec, 8);
		fake_put(f, AT(0x1000), cases[i].page, 8);
		fake_put(f, AT(0x2018), cases[i].mapping, 8);
		fake_put(f, AT(0x3000), cases[i].host, 8);
		fake_open(f);
		fake_structs(f, types);
		assert_int_equal(bio_inode(f->kernel, AT(0x800), &inode), cases[i].code);
		assert_int_equal(inode, cases[i].code ? 0 : AT(0x100));
		fake_free(f);
	}
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(shared), cmocka_unit_test(broken),
	   cmocka_unit_test(pages), cmocka_unit_test(file_of_a_bio))
