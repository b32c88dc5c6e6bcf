/* Structures printed by their types. The input is the length of a BTF in two bytes, the BTF, and the
 * memory. */
#include <string.h>

#include "dump/base/bytes.h"
#include "kernel/types/btf.h"
#include "kernel/types/value.h"
#include "tests/fuzz/fuzz.h"
#include "tests/image/image.h"

#define BASE	    0xffffffff80000000ull
#define TEXT_MAX    (64u << 10)
#define OBJECTS_MAX 8

static void print(struct kernel *k, const struct types *ts)
{
	unsigned int objects = 0;
	STRBUF(out);

	for (size_t i = 0; i < types_count(ts) && objects < OBJECTS_MAX && out.len < TEXT_MAX; i++)
		if (type_is_aggregate(types_at(ts, i)) && ++objects)
			put_object(&out, k, types_at(ts, i), BASE + 8);
}

/* A kernel whose memory is the rest of the input. */
static struct kernel *with_memory(const struct bytes *b)
{
	static const char info[] = "OSRELEASE=1\nPAGESIZE=4096\nNUMBER(phys_base)=0\n";
	struct blob whole = { 0 };
	struct kernel *k;

	blob_add(&whole, info, sizeof(info));
	blob_add(&whole, b->p + b->pos, b->len - b->pos);
	k = fuzz_kernel(whole.data, whole.len);
	blob_fini(&whole);
	return k;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = bytes_of(data, size);
	size_t len = bytes_u16(&b);
	const void *btf = bytes_take(&b, len);
	struct types *ts;
	struct kernel *k;

	if (!btf || btf_load(btf, len, NULL, &ts) < 0)
		return 0;
	k = with_memory(&b);
	if (!k) {
		types_close(ts);
		return 0;
	}
	kernel_give_types(k, ts);
	print(k, ts);
	fuzz_kernel_close(k);
	return 0;
}
