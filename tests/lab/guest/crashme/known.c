/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Containers and structures whose every value is known in advance: item n is made by fill(n), and
 * the same item hangs in a list, an hlist, an rbtree, an IDR, a radix tree (xarray) and, where there
 * is one, a maple tree.
 */
#include <linux/hash.h>
#include <linux/idr.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/radix-tree.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "crashme.h"

/* 54a611b60590 (v6.1) */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
#define HAVE_MAPLE
#include <linux/maple_tree.h>
#endif

#define NR_ITEMS   10
#define HASH_BITS  3
#define NR_OBJECTS 100
#define NR_FREED   20

enum crashme_color {
	CRASHME_BLUE = -3,
	CRASHME_RED = 0,
	CRASHME_GREEN = 5,
};

struct crashme_item;
typedef int (*crashme_handler)(struct crashme_item *item);

struct crashme_item {
	struct list_head link;
	struct hlist_node hash;
	struct rb_node node;
	u32 id;
	enum crashme_color color;
	char name[16];
	unsigned int low : 3;
	unsigned int mid : 13;
	int high : 5;
	u64 wide : 40;
	bool flag : 1;
	union {
		u64 number;
		void *pointer;
		u8 bytes[8];
	} value;
	struct {
		s16 x;
		s16 y;
	};
	int matrix[2][3];
	const char *const label;
	crashme_handler handler;
	struct crashme_item *next;
	u8 count;
	u8 tail[];
};

struct crashme_object {
	u64 magic;
	u32 index;
	char text[20];
	struct crashme_object *previous;
	u8 padding[160];
};

struct crashme_cpu {
	u64 magic;
	int cpu;
	char text[12];
};

/* Named by the report, so a reader of the dump finds each by symbol and by address. */
LIST_HEAD(crashme_items);
struct hlist_head crashme_hash[1 << HASH_BITS];
struct rb_root crashme_tree = RB_ROOT;
RADIX_TREE(crashme_radix, GFP_KERNEL);
DEFINE_IDR(crashme_idr);
#ifdef HAVE_MAPLE
DEFINE_MTREE(crashme_maple);
#endif
struct crashme_item *crashme_first;
struct kmem_cache *crashme_cache;
struct crashme_object *crashme_objects[NR_OBJECTS];
DEFINE_PER_CPU(struct crashme_cpu, crashme_percpu);
DEFINE_PER_CPU(u64, crashme_counter);
struct crashme_cpu __percpu *crashme_dynamic;
EXPORT_SYMBOL_GPL(crashme_items);

/* The same name as one in threads.c: two static symbols that only their addresses tell apart. */
static OWN_FRAME int crashme_twin(struct crashme_item *item)
{
	return item->id * 2;
}

static void fill(struct crashme_item *item, u32 n)
{
	static const enum crashme_color colors[] = { CRASHME_RED, CRASHME_GREEN, CRASHME_BLUE };
	int i;

	item->id = n;
	item->color = colors[n % ARRAY_SIZE(colors)];
	snprintf(item->name, sizeof(item->name), "item %u", n);
	item->low = n % 8;
	item->mid = 1000 * n % 8192;
	item->high = (int)n - 5;
	item->wide = 0x1122334455ull + n;
	item->flag = n & 1;
	item->value.number = 0x0102030405060708ull * n;
	item->x = -(s16)n;
	item->y = 300 * n;
	for (i = 0; i < 6; i++)
		item->matrix[i / 3][i % 3] = n * 10 + i;
	*(const char **)&item->label = n % 2 ? "odd" : "even";
	item->handler = crashme_twin;
	item->count = n;
	for (i = 0; i < n; i++)
		item->tail[i] = 0xa0 + i;
}

static void tree_insert(struct crashme_item *item)
{
	struct rb_node **place = &crashme_tree.rb_node, *parent = NULL;

	while (*place) {
		parent = *place;
		if (item->id < rb_entry(parent, struct crashme_item, node)->id)
			place = &parent->rb_left;
		else
			place = &parent->rb_right;
	}
	rb_link_node(&item->node, parent, place);
	rb_insert_color(&item->node, &crashme_tree);
}

/* Sparse keys, so that the trees have several levels. */
static unsigned long key_of(u32 n)
{
	return n ? 3ul << (n * 3) : 0;
}

static int item_add(u32 n)
{
	struct crashme_item *item = kzalloc(sizeof(*item) + n, GFP_KERNEL);
	int r;

	if (!item)
		return -ENOMEM;
	fill(item, n);
	item->next = crashme_first;
	crashme_first = item;
	list_add_tail(&item->link, &crashme_items);
	hlist_add_head(&item->hash, &crashme_hash[hash_32(n, HASH_BITS)]);
	tree_insert(item);
	r = radix_tree_insert(&crashme_radix, key_of(n), item);
	if (r)
		return r;
#ifdef HAVE_MAPLE
	r = mtree_store_range(&crashme_maple, 100 * n, 100 * n + n, item, GFP_KERNEL);
	if (r)
		return r;
#endif
	r = idr_alloc(&crashme_idr, item, 50 * n, 0, GFP_KERNEL);
	return r < 0 ? r : 0;
}

/* A constructor keeps the cache from being merged with another of the same size. */
static void object_construct(void *memory)
{
	struct crashme_object *object = memory;

	memset(object, 0, sizeof(*object));
	object->magic = 0xc0ffee00c0ffeeull;
}

static int cache_fill(void)
{
	struct crashme_object *freed[NR_FREED];
	int i;

	crashme_cache = kmem_cache_create("crashme_cache", sizeof(struct crashme_object), 0, 0,
					  object_construct);
	if (!crashme_cache)
		return -ENOMEM;
	for (i = 0; i < NR_OBJECTS + NR_FREED; i++) {
		struct crashme_object *object = kmem_cache_alloc(crashme_cache, GFP_KERNEL);

		if (!object)
			return -ENOMEM;
		object->index = i;
		snprintf(object->text, sizeof(object->text), "object %d", i);
		if (i < NR_OBJECTS) {
			object->previous = i ? crashme_objects[i - 1] : NULL;
			crashme_objects[i] = object;
		} else {
			freed[i - NR_OBJECTS] = object;
		}
	}
	for (i = 0; i < NR_FREED; i++)
		kmem_cache_free(crashme_cache, freed[i]);
	return 0;
}

static void cpu_fill(struct crashme_cpu *c, int cpu, const char *what)
{
	c->magic = 0xcafe0000ull + cpu;
	c->cpu = cpu;
	snprintf(c->text, sizeof(c->text), "%s %d", what, cpu);
}

static int percpu_fill(void)
{
	int cpu;

	crashme_dynamic = alloc_percpu(struct crashme_cpu);
	if (!crashme_dynamic)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		cpu_fill(per_cpu_ptr(&crashme_percpu, cpu), cpu, "static");
		cpu_fill(per_cpu_ptr(crashme_dynamic, cpu), cpu, "dynamic");
		per_cpu(crashme_counter, cpu) = 1000 * cpu + 7;
	}
	return 0;
}

int known_init(void)
{
	u32 n;
	int r = cache_fill();

	if (!r)
		r = percpu_fill();
	for (n = 0; n < NR_ITEMS && !r; n++)
		r = item_add(n);
	return r;
}

static void item_show(struct seq_file *s, struct crashme_item *item)
{
	seq_printf(s, "item " PX " id=%u color=%d name=\"%s\" label=%s", item, item->id,
		   item->color, item->name, item->label);
	seq_printf(s, " low=%u mid=%u high=%d wide=%llu flag=%d", item->low, item->mid, item->high,
		   (unsigned long long)item->wide, item->flag);
	seq_printf(s, " number=%llu x=%d y=%d matrix=%d..%d count=%u key=%lu\n", item->value.number,
		   item->x, item->y, item->matrix[0][0], item->matrix[1][2], item->count,
		   key_of(item->id));
}

void known_show(struct seq_file *s)
{
	struct crashme_item *item;
	int i, cpu;

	seq_printf(s, "list " PX " %d\n", &crashme_items, NR_ITEMS);
	seq_printf(s, "hash " PX " %zu\n", crashme_hash, ARRAY_SIZE(crashme_hash));
	seq_printf(s, "rbtree " PX " %d\n", &crashme_tree, NR_ITEMS);
	seq_printf(s, "radix " PX " %d\n", &crashme_radix, NR_ITEMS);
	seq_printf(s, "idr " PX " %d\n", &crashme_idr, NR_ITEMS);
#ifdef HAVE_MAPLE
	seq_printf(s, "maple " PX " %d\n", &crashme_maple, NR_ITEMS);
#endif
	seq_printf(s, "handler " PX " crashme_twin\n", crashme_twin);
	list_for_each_entry(item, &crashme_items, link)
		item_show(s, item);
	seq_printf(s, "cache " PX " crashme_cache %d %zu\n", crashme_cache, NR_OBJECTS,
		   sizeof(struct crashme_object));
	for (i = 0; i < NR_OBJECTS; i++)
		seq_printf(s, "object " PX " %d\n", crashme_objects[i], crashme_objects[i]->index);
	for_each_possible_cpu(cpu) {
		seq_printf(s, "percpu " PX " %d static %d\n", per_cpu_ptr(&crashme_percpu, cpu),
			   cpu, cpu);
		seq_printf(s, "percpu_dynamic " PX " %d dynamic %d\n",
			   per_cpu_ptr(crashme_dynamic, cpu), cpu, cpu);
		seq_printf(s, "percpu_counter " PX " %d %llu\n", per_cpu_ptr(&crashme_counter, cpu),
			   cpu, (unsigned long long)per_cpu(crashme_counter, cpu));
	}
}
