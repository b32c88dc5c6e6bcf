/* Lists, rings of two kinds, rbtrees, xarrays, maple trees, hash tables over memory that is the input; each
 * has its head where the others have theirs. */
#include <string.h>

#include "kernel/walk/list.h"
#include "kernel/walk/maple.h"
#include "kernel/walk/rbtree.h"
#include "kernel/walk/rhashtable.h"
#include "kernel/walk/xarray.h"
#include "tests/fuzz/fuzz.h"
#include "tests/image/image.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/made_structs.h"

#define HEAD (FAKE_BASE + 0x100)
#define MOST 100000 /* entries: no more fit into the memory, but for those that share nodes */

static const char types[] =
	"rb_node 24 u64 __rb_parent_color@0 ptr rb_right@8 ptr rb_left@16\n"
	"xarray 16 ptr xa_head@8\n"
	"xa_node 520 u8 shift@0 ptr[64] slots@8\n"
	"idr 24 xarray idr_rt@0 u64 idr_base@16\n"
	"maple_metadata 2 u8 end@0 u8 gap@1\n"
	"maple_tree 16 ptr ma_root@8\n"
	"maple_range_64 256 ptr parent@0 u64[15] pivot@8 ptr[16] slot@128 maple_metadata meta@248\n"
	"maple_arange_64 248 ptr parent@0 u64[9] pivot@8 ptr[10] slot@80 maple_metadata meta@240\n"
	"bucket_table 64 u32 size@0 u32 nest@4 ptr future_tbl@32 u64[1] buckets@56\n"
	"rhashtable 64 ptr tbl@0\n"
	"rhash_head 8 ptr next@0\n";

static void walk_lists(struct kernel *k)
{
	struct list_walk w;
	uint64_t at;

	if (list_begin_at(&w, k, HEAD, 16) >= 0)
		for (size_t i = 0; i < MOST && list_next(&w, &at) > 0; i++)
			fuzz_use(at);
	if (hlist_begin_at(&w, k, HEAD, 16) >= 0)
		for (size_t i = 0; i < MOST && hlist_next(&w, &at) > 0; i++)
			fuzz_use(at);
}

static void walk_trees(struct kernel *k)
{
	struct maple_walk m;
	struct maple_entry e;
	struct rb_walk rb;
	uint64_t at;

	if (rb_begin_at(&rb, k, HEAD, 0) >= 0)
		for (size_t i = 0; i < MOST && rb_next(&rb, &at) > 0; i++)
			fuzz_use(at);
	if (maple_begin(&m, k, HEAD) >= 0)
		for (size_t i = 0; i < MOST && maple_next(&m, &e) > 0; i++)
			fuzz_use(e.first + e.last + e.entry);
}

static void walk_arrays(struct kernel *k)
{
	struct xa_walk w;
	uint64_t index, entry;

	if (xa_begin(&w, k, HEAD) >= 0)
		for (size_t i = 0; i < MOST && xa_next(&w, &index, &entry) > 0; i++)
			fuzz_use(index + entry);
	if (idr_begin(&w, k, HEAD) >= 0)
		for (size_t i = 0; i < MOST && xa_next(&w, &index, &entry) > 0; i++)
			fuzz_use(index + entry);
	if (idr_find(k, HEAD, 70, &entry) >= 0 || xa_find(k, HEAD, 5, &entry) >= 0)
		fuzz_use(entry);
}

static int take(void *arg, uint64_t entry)
{
	size_t *left = arg;

	fuzz_use(entry);
	return --*left ? 0 : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char info[] = "OSRELEASE=1\nPAGESIZE=4096\nNUMBER(phys_base)=0\n";
	struct blob whole = { 0 };
	struct fake f = { 0 };
	size_t left = MOST;

	blob_add(&whole, info, sizeof(info));
	blob_add(&whole, data, size);
	f.kernel = fuzz_kernel(whole.data, whole.len);
	blob_fini(&whole);
	if (!f.kernel)
		return 0;
	fake_structs(&f, types);
	walk_lists(f.kernel);
	walk_trees(f.kernel);
	walk_arrays(f.kernel);
	rhashtable_each(f.kernel, HEAD, 0, take, &left);
	fuzz_kernel_close(f.kernel);
	return 0;
}
