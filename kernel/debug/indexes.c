#include "kernel/debug/indexes.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/trouble.h"
#include "kernel/debug/debuginfo.h"
#include "kernel/debug/keep.h"
#include "kernel/lazy.h"

struct one {
	struct one *next;
	struct kernel *k;
	uint64_t module;
	struct lazy once;
	struct debugfile *file;
	struct index *index;
	char problem[128];
};

struct indexes {
	struct kernel *k;
	pthread_mutex_t lock; /* of the list */
	struct one *first;
};

struct indexes *indexes_new(struct kernel *k)
{
	struct indexes *ixs = calloc(1, sizeof(*ixs));

	if (!ixs)
		return NULL;
	ixs->k = k;
	pthread_mutex_init(&ixs->lock, NULL);
	return ixs;
}

void indexes_free(struct indexes *ixs)
{
	struct one *o, *next;

	if (!ixs)
		return;
	for (o = ixs->first; o; o = next) {
		next = o->next;
		lazy_fini(&o->once);
		index_close(o->index);
		free(o);
	}
	pthread_mutex_destroy(&ixs->lock);
	free(ixs);
}

static void read_build_id(struct debugfile *f, struct build_id *ret)
{
	const unsigned char *bits;
	GElf_Addr va;
	int len;

	debugfile_lock(f);
	len = dwfl_module_build_id(debugfile_module(f), &bits, &va);
	ret->len = len > 0 && len <= BUILD_ID_MAX ? (size_t)len : 0;
	memcpy(ret->bytes, bits, ret->len);
	debugfile_unlock(f);
}

static int load_kept(struct one *o, const char *folder, const struct build_id *id)
{
	size_t len;
	void *bytes;
	int r = keep_read(folder, id, &bytes, &len);

	return r < 0 ? r : index_load(bytes, len, id, &o->index);
}

/* What a damaged file gave is not kept: another one of the same build may be whole. */
static int make_anew(struct one *o, const char *folder, const struct build_id *id)
{
	progress_fn *progress = o->module ? NULL : kernel_options(o->k)->progress;
	STRBUF(bytes);
	char *kept;
	size_t len;
	int r = index_make(o->file, id, progress, &bytes, o->problem);

	/* Nor is what was made while it could not be read. */
	if (r >= 0 && trouble() < 0)
		r = trouble();
	if (r < 0)
		return r;
	if (folder && !o->problem[0])
		keep_write(folder, id, &bytes);
	kept = strbuf_steal(&bytes, &len);
	return index_load(kept, len, id, &o->index);
}

static int make_one(void *arg)
{
	struct one *o = arg;
	const char *folder = o->module ? NULL : kernel_options(o->k)->cache_dir;
	struct build_id id;
	int r = debuginfo_file(o->k, o->module, &o->file);

	if (r < 0)
		return r;
	read_build_id(o->file, &id);
	if (!id.len)
		folder = NULL;
	r = folder ? load_kept(o, folder, &id) : -ENOENT;
	return r < 0 && r != -ENOMEM ? make_anew(o, folder, &id) : r;
}

static int find_one(struct indexes *ixs, uint64_t module, struct one **ret)
{
	struct one *o;

	pthread_mutex_lock(&ixs->lock);
	for (o = ixs->first; o && o->module != module;)
		o = o->next;
	if (!o && (o = calloc(1, sizeof(*o)))) {
		*o = (struct one){ .next = ixs->first, .k = ixs->k, .module = module };
		lazy_init(&o->once);
		ixs->first = o;
	}
	pthread_mutex_unlock(&ixs->lock);
	*ret = o;
	return o ? 0 : fail(-ENOMEM, "index of types");
}

int kernel_index(struct kernel *k, uint64_t module, const struct index **ret, uint64_t *ret_bias)
{
	struct one *o;
	int r = find_one(kernel_indexes(k), module, &o);

	if (r >= 0)
		r = lazy_get(&o->once, make_one, o);
	if (r < 0)
		return r;
	*ret = o->index;
	*ret_bias = debugfile_bias(o->file);
	return 0;
}

const char *kernel_index_problem(struct kernel *k, uint64_t module)
{
	struct one *o;

	if (find_one(kernel_indexes(k), module, &o) < 0 || lazy_get(&o->once, make_one, o) < 0)
		return NULL;
	return o->problem[0] ? o->problem : NULL;
}
