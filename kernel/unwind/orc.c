/* Two tables side by side, sorted by address:
 *
 *   int   ip[n]      each entry: where a rule begins to hold, relative to the entry's own address
 *   struct orc[n]    s16 sp_offset, s16 bp_offset, u16 flags
 *
 * The flags have the registers in the low byte and the kind of frame above; which bits and which
 * numbers depends on the kernel, see layouts[]. */
#include "kernel/unwind/orc.h"

#include <errno.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "kernel/symbol/symbols.h"

#define RULE_BYTES   6
#define HASH_BYTES   20
#define LOOKUP_BLOCK 256
#define SAMPLES	     1000

struct orc_layout {
	const char *name;
	unsigned char hash[HASH_BYTES]; /* of asm/orc_types.h, in .orc_header: v6.3.10, v6.4 */
	uint8_t bases[16];
	uint8_t type_mask; /* of flags >> 8: enum orc_type; with .end it begins at a call */
	uint8_t signal;	   /* bit; 0: whatever is no call */
	uint8_t end;	   /* bit that goes with an undefined sp; 0: a type of its own */
};

#define BASES_OF_4_14                                                                         \
	{                                                                                     \
		ORC_UNDEFINED, ORC_PREV_SP, ORC_DX, ORC_DI, ORC_BP, ORC_SP, ORC_R10, ORC_R13, \
			ORC_BP_INDIRECT, ORC_SP_INDIRECT                                      \
	}

static const struct orc_layout layouts[] = {
	{ .name = "v7.1",
	  .hash = { 0x13, 0x7c, 0x36, 0xad, 0x76, 0x27, 0xc4, 0xdd, 0x55, 0x93,
		    0x21, 0x76, 0xbb, 0x0e, 0xcd, 0xbd, 0x50, 0x41, 0xfc, 0x82 },
	  .bases = { ORC_UNDEFINED, ORC_AX, ORC_DX, ORC_SP, ORC_BP, ORC_DI, ORC_R10, ORC_R13,
		     ORC_PREV_SP, ORC_SP_INDIRECT, ORC_BP_INDIRECT },
	  .type_mask = 7,
	  .signal = 11 },
	{ .name = "v6.4", /* fb799447ae29 */
	  .hash = { 0xfe, 0x5d, 0x32, 0xbf, 0x58, 0x1b, 0xd6, 0x3b, 0x2c, 0xa9,
		    0xa5, 0xc6, 0x5b, 0xa5, 0xa6, 0x25, 0xea, 0xb3, 0xfe, 0x24 },
	  .bases = BASES_OF_4_14,
	  .type_mask = 7,
	  .signal = 11 },
	{ .name = "v6.3", /* ffb1b4a41016 */
	  .hash = { 0xdb, 0x84, 0xae, 0xd4, 0x10, 0x3b, 0x31, 0xdd, 0x51, 0xe0,
		    0x17, 0xf8, 0xf7, 0x97, 0x83, 0xca, 0x98, 0x5c, 0x2c, 0x51 },
	  .bases = BASES_OF_4_14,
	  .type_mask = 3,
	  .signal = 10,
	  .end = 11 },
	{ .name = "v4.14", .bases = BASES_OF_4_14, .type_mask = 3, .end = 10 },
};

#define NR_LAYOUTS (sizeof(layouts) / sizeof(layouts[0]))

static bool bit(uint16_t flags, uint8_t nr)
{
	return flags >> nr & 1;
}

static uint8_t type_of(const struct orc_layout *l, uint16_t flags)
{
	uint8_t type = flags >> 8 & l->type_mask;

	if (!l->end)
		return type > ORC_TYPE_REGS_PARTIAL ? ORC_TYPE_UNDEFINED : type;
	if (!(flags & 0xf))
		return bit(flags, l->end) ? ORC_TYPE_END : ORC_TYPE_UNDEFINED;
	return type > 2 ? ORC_TYPE_UNDEFINED : type + ORC_TYPE_CALL;
}

static struct orc_rule decode(const struct orc_layout *l, const unsigned char raw[RULE_BYTES])
{
	struct bytes b = bytes_of(raw, RULE_BYTES);
	struct orc_rule rule = { 0 };
	uint16_t flags;

	rule.sp_offset = (int16_t)bytes_u16(&b);
	rule.bp_offset = (int16_t)bytes_u16(&b);
	flags = bytes_u16(&b);
	rule.sp = l->bases[flags & 15];
	rule.bp = l->bases[flags >> 4 & 15];
	rule.type = type_of(l, flags);
	rule.signal = l->signal ? bit(flags, l->signal) : rule.type > ORC_TYPE_CALL;
	return rule;
}

static int read_rule(struct kernel *k, const struct orc_tables *t, uint32_t i,
		     unsigned char ret[RULE_BYTES])
{
	return kernel_read(k, t->rules + (uint64_t)RULE_BYTES * i, ret, RULE_BYTES);
}

static int ip_of(struct kernel *k, const struct orc_tables *t, uint32_t i, uint64_t *ret)
{
	uint64_t at = t->ip + 4ull * i, offset;
	int r = kernel_read_uint(k, at, 4, &offset);

	if (r < 0)
		return r;
	*ret = at + (uint64_t)(int32_t)offset;
	return 0;
}

/* The last of the entries from @lo to before @hi that begins at or before @pc; @lo when none does. Of
 * several that begin at the same address the last is the rule, the others end what is before it. */
static int search(struct kernel *k, const struct orc_tables *t, uint64_t pc, uint32_t lo,
		  uint32_t hi, uint32_t *ret)
{
	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;
		uint64_t ip;
		int r = ip_of(k, t, mid, &ip);

		if (r < 0)
			return r;
		if (ip <= pc)
			lo = mid;
		else
			hi = mid;
	}
	*ret = lo;
	return 0;
}

/* The kernel's own index narrows the search; what is no index is not believed. */
static void narrow(struct kernel *k, const struct code_region *region, uint64_t pc,
		   const struct orc_facts *facts, uint32_t *lo, uint32_t *hi)
{
	uint64_t block = (pc - region->first) / LOOKUP_BLOCK, pair, ip;
	uint32_t first, last;

	if (!facts->lookup || block + 1 >= facts->nr_lookup ||
	    kernel_read_uint(k, facts->lookup + 4 * block, 8, &pair) < 0)
		return;
	first = (uint32_t)pair;
	last = (uint32_t)(pair >> 32);
	if (first > last || last >= region->orc.n || ip_of(k, &region->orc, first, &ip) < 0 ||
	    ip > pc)
		return;
	if (last + 1 < region->orc.n && (ip_of(k, &region->orc, last + 1, &ip) < 0 || ip <= pc))
		return;
	*lo = first;
	*hi = last + 1;
}

int orc_find(struct kernel *k, uint64_t pc, struct orc_rule *ret)
{
	unsigned char raw[RULE_BYTES];
	const struct code_region *region;
	const struct orc_facts *facts;
	uint32_t i, lo = 0, hi;
	uint64_t ip;
	int r = code_at(k, pc, &region);

	/* orc_ftrace_find() */
	if (r >= 0 && region->origin) {
		pc = region->origin + (pc - region->first);
		r = code_at(k, pc, &region);
	}
	if (r >= 0)
		r = code_orc(k, &facts);
	if (r < 0)
		return r;
	if (!region->orc.n)
		return fail(-ENOENT, "no ORC for %#lx", pc);
	hi = region->orc.n;
	narrow(k, region, pc, facts, &lo, &hi);
	r = search(k, &region->orc, pc, lo, hi, &i);
	if (r >= 0)
		r = ip_of(k, &region->orc, i, &ip);
	if (r >= 0)
		r = read_rule(k, &region->orc, i, raw);
	if (r < 0)
		return within(r, "ORC for %#lx", pc);
	if (ip > pc)
		return fail(-ENOENT, "no ORC for %#lx", pc);
	*ret = decode(facts->layout, raw);
	return 0;
}

static const struct orc_layout *layout_by_header(struct kernel *k)
{
	unsigned char hash[HASH_BYTES];
	uint64_t va;

	if (symbol_addr(k, "__start_orc_header", &va) < 0 ||
	    kernel_read(k, va, hash, sizeof(hash)) < 0)
		return NULL;
	for (size_t i = 0; i < NR_LAYOUTS; i++)
		if (!memcmp(layouts[i].hash, hash, HASH_BYTES))
			return &layouts[i];
	return NULL;
}

/* Most of a kernel is functions that were called, with frames counted from the stack pointer. What
 * contradicts itself speaks against a layout: registers without a signal, an end that goes on. */
static int worth(const struct orc_layout *l, const unsigned char raw[RULE_BYTES])
{
	struct orc_rule rule = decode(l, raw);
	uint16_t flags = (uint16_t)(raw[4] | raw[5] << 8);

	if (rule.type > ORC_TYPE_CALL && !rule.signal)
		return -1;
	if (l->end && bit(flags, l->end) && rule.sp)
		return -1;
	return rule.type == ORC_TYPE_CALL && rule.sp == ORC_SP && !rule.signal;
}

static int sample(struct kernel *k, const struct orc_tables *t, uint32_t first, uint32_t end,
		  uint32_t step, int score[NR_LAYOUTS])
{
	for (uint64_t i = first; i < end; i += step) {
		unsigned char raw[RULE_BYTES];
		int r = read_rule(k, t, (uint32_t)i, raw);

		if (r < 0)
			return r;
		for (size_t l = 0; l < NR_LAYOUTS; l++)
			score[l] += worth(&layouts[l], raw);
	}
	return 0;
}

/* Registers are saved in the entry code alone, which few samples of the whole would meet. */
static int sample_entry(struct kernel *k, const struct orc_tables *t, int score[NR_LAYOUTS])
{
	uint64_t start, stop;
	uint32_t first, end;
	int r;

	if (symbol_addr(k, "__entry_text_start", &start) < 0 ||
	    symbol_addr(k, "__entry_text_end", &stop) < 0)
		return 0;
	r = search(k, t, start, 0, t->n, &first);
	if (r >= 0)
		r = search(k, t, stop, first, t->n, &end);
	return r < 0 ? r : sample(k, t, first, end, 1, score);
}

/* For kernels without a header, or with one that is not known. */
static int layout_by_trying(struct kernel *k, const struct orc_tables *t,
			    const struct orc_layout **ret)
{
	int score[NR_LAYOUTS] = { 0 };
	size_t best = 0;
	int r = sample(k, t, 0, t->n, t->n / SAMPLES + 1, score);

	if (r >= 0)
		r = sample_entry(k, t, score);
	if (r < 0)
		return r;
	for (size_t l = 1; l < NR_LAYOUTS; l++)
		if (score[l] > score[best])
			best = l;
	if (score[best] <= 0)
		return fail(-EBADMSG, "the tables are of no known layout");
	*ret = &layouts[best];
	return 0;
}

int orc_learn(struct kernel *k, const struct code_region *core, struct orc_facts *ret)
{
	struct orc_facts facts = { .layout = layout_by_header(k) };
	uint64_t end;
	int r;

	if (!core->orc.n || kernel_options(k)->no_orc)
		return fail(-ENOENT, "this kernel has no ORC");
	if (!facts.layout) {
		r = layout_by_trying(k, &core->orc, &facts.layout);
		if (r < 0)
			return within(r, "ORC");
	}
	if (symbol_addr(k, "orc_lookup", &facts.lookup) == 0 &&
	    symbol_addr(k, "orc_lookup_end", &end) == 0 && end > facts.lookup)
		facts.nr_lookup = (uint32_t)((end - facts.lookup) / 4);
	else
		facts.lookup = 0;
	*ret = facts;
	return 0;
}

const char *orc_layout_name(const struct orc_facts *facts)
{
	return facts->layout->name;
}
