/* /proc/cpuinfo, as x86 and arm64 print it. */
#include <errno.h>
#include <string.h>

#include "dump/base/bytes.h"
#include "dump/base/err.h"
#include "fs/gen.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/mem/mem.h"
#include "kernel/symbol/symbols.h"
#include "kernel/sys/vitals.h"

#define FLAG_LEN    64
#define WORDS_MAX   64 /* of capabilities and bugs */
#define TSC_FLAG    4  /* X86_FEATURE_TSC */
#define POWER_BITS  32
#define HWCAPS_MAX  128 /* MAX_CPU_FEATURES */
#define NAMED_POWER 14	/* x86_power_flags[] has so many at least */

struct caps {
	unsigned char bits[4 * WORDS_MAX];
	size_t nr_caps, nr_bugs; /* words */
};

static bool has(const struct caps *c, size_t bit)
{
	return c->bits[bit / 8] >> bit % 8 & 1;
}

static int read_caps(struct kernel *k, uint64_t cpu, struct caps *ret)
{
	struct symbol names;
	uint64_t at, words;
	int r = field_addr(k, cpu, F_cpuinfo_capability, &at);

	if (r >= 0)
		r = field_count(k, F_cpuinfo_capability, &words);
	if (r >= 0 && words - 2 > WORDS_MAX - 2)
		r = fail(-EBADMSG, "%lu words of capabilities", words);
	if (r >= 0)
		r = kernel_read(k, at, ret->bits, 4 * words);
	if (r < 0)
		return r;
	/* NBUGINTS, 1 or 2: there are names for so many. */
	r = symbol_find(k, "x86_bug_flags", &names);
	if (r < 0)
		return r;
	ret->nr_bugs = names.size >= 2 * 32 * 8 ? 2 : 1;
	ret->nr_caps = words - ret->nr_bugs;
	return 0;
}

/* The names of those of @n bits from @first on that are set. */
static int put_flags(struct render *r, const struct caps *c, const char *table, size_t first,
		     size_t n)
{
	char name[FLAG_LEN];
	uint64_t at, text;
	int e = symbol_addr(r->k, table, &at);

	for (size_t i = 0; e >= 0 && i < n; i++) {
		if (!has(c, first + i))
			continue;
		e = kernel_read_uint(r->k, at + 8 * i, 8, &text);
		if (e >= 0 && text)
			e = kernel_read_str(r->k, text, name, sizeof(name));
		if (e >= 0 && text)
			put(r->out, " %s", name);
	}
	return e;
}

static int put_text(struct render *r, const char *label, uint64_t cpu, enum field f)
{
	char text[FLAG_LEN + 1];
	int e = field_str(r->k, cpu, f, text, sizeof(text));

	if (e >= 0)
		put(r->out, "%s\t: %s\n", label, *text ? text : "unknown");
	return e;
}

static int put_number(struct render *r, const char *fmt, uint64_t cpu, enum field f)
{
	uint64_t v;
	int e = field_u64(r->k, cpu, f, &v);

	if (e >= 0) {
		STRBUF(number);

		put(&number, "%d", (int)v);
		put(r->out, "%s%s\n", fmt, number.data ? number.data : "");
	}
	return e;
}

static int put_identity(struct render *r, uint64_t cpu, const struct caps *c)
{
	uint64_t microcode, khz, cache;
	int e = put_text(r, "vendor_id", cpu, F_cpuinfo_vendor_id);

	if (e >= 0)
		e = put_number(r, "cpu family\t: ", cpu, F_cpuinfo_family);
	if (e >= 0)
		e = put_number(r, "model\t\t: ", cpu, F_cpuinfo_model);
	if (e >= 0)
		e = put_text(r, "model name", cpu, F_cpuinfo_model_id);
	if (e >= 0)
		e = put_number(r, "stepping\t: ", cpu, F_cpuinfo_stepping);
	if (e >= 0)
		e = field_u64(r->k, cpu, F_cpuinfo_microcode, &microcode);
	if (e >= 0)
		e = field_u64(r->k, cpu, F_cpuinfo_cache_size, &cache);
	if (e < 0)
		return e;
	if (microcode)
		put(r->out, "microcode\t: 0x%x\n", (unsigned int)microcode);
	if (has(c, TSC_FLAG) && symbol_u64(r->k, "cpu_khz", 4, &khz) >= 0)
		put(r->out, "cpu MHz\t\t: %lu.%03lu\n", khz / 1000, khz % 1000);
	if (cache)
		put(r->out, "cache size\t: %u KB\n", (unsigned int)cache);
	return 0;
}

/* How many CPUs its package has: cpu_core_map. */
static int count_siblings(struct kernel *k, size_t cpu, size_t nr, int *ret)
{
	uint64_t at, mask, word;
	int r = percpu_symbol(k, "cpu_core_map", cpu, &at);

	/* With CONFIG_CPUMASK_OFFSTACK the variable is a pointer. */
	if (r >= 0)
		r = kernel_read_uint(k, at, 8, &mask);
	if (r >= 0 && !(mask >> 63))
		mask = at;
	*ret = 0;
	for (size_t i = 0; r >= 0 && i < (nr + 63) / 64; i++) {
		r = kernel_read_uint(k, mask + 8 * i, 8, &word);
		if (r >= 0)
			*ret += __builtin_popcountll(word);
	}
	return r;
}

static int put_place(struct render *r, uint64_t cpu, size_t number, const struct cpus *c)
{
	int siblings;
	int e = put_number(r, "physical id\t: ", cpu, F_cpuinfo_package);

	if (e >= 0)
		e = count_siblings(r->k, number, c->nr, &siblings);
	if (e < 0)
		return e;
	put(r->out, "siblings\t: %d\n", siblings);
	e = put_number(r, "core id\t\t: ", cpu, F_cpuinfo_core);
	if (e >= 0)
		e = put_number(r, "cpu cores\t: ", cpu, F_cpuinfo_booted_cores);
	if (e >= 0)
		e = put_number(r, "apicid\t\t: ", cpu, F_cpuinfo_apicid);
	if (e >= 0)
		e = put_number(r, "initial apicid\t: ", cpu, F_cpuinfo_initial_apicid);
	put_str(r->out, "fpu\t\t: yes\nfpu_exception\t: yes\n");
	if (e >= 0)
		e = put_number(r, "cpuid level\t: ", cpu, F_cpuinfo_cpuid_level);
	put_str(r->out, "wp\t\t: yes\n");
	return e;
}

static int put_power(struct render *r, uint64_t cpu)
{
	uint64_t power, table, text;
	char name[FLAG_LEN];
	int e = field_u64(r->k, cpu, F_cpuinfo_power, &power);

	if (e >= 0)
		e = symbol_addr(r->k, "x86_power_flags", &table);
	put_str(r->out, "power management:");
	for (size_t i = 0; e >= 0 && i < POWER_BITS; i++) {
		if (!(power >> i & 1))
			continue;
		text = 0;
		*name = 0;
		e = kernel_read_uint(r->k, table + 8 * i, 8, &text);
		if (e >= 0 && i < NAMED_POWER && text)
			e = kernel_read_str(r->k, text, name, sizeof(name));
		if (i < NAMED_POWER && text)
			put(r->out, "%s%s", *name ? " " : "", name);
		else
			put(r->out, " [%zu]", i);
	}
	put_str(r->out, "\n\n");
	return e;
}

static int put_speed(struct render *r, uint64_t cpu)
{
	uint64_t loops, hz, tlb;
	int e = field_u64(r->k, cpu, F_cpuinfo_loops_per_jiffy, &loops);

	if (e >= 0)
		e = kernel_hz(r->k, &hz);
	if (e >= 0 && (!hz || hz > 5000))
		e = fail(-EBADMSG, "%lu ticks a second", hz);
	if (e >= 0)
		e = field_u64(r->k, cpu, F_cpuinfo_tlbsize, &tlb);
	if (e < 0)
		return e;
	put(r->out, "\nbogomips\t: %lu.%02lu\n", loops / (500000 / hz), loops / (5000 / hz) % 100);
	if ((int)tlb > 0)
		put(r->out, "TLB size\t: %d 4K pages\n", (int)tlb);
	e = put_number(r, "clflush size\t: ", cpu, F_cpuinfo_clflush_size);
	return e < 0 ? e : put_number(r, "cache_alignment\t: ", cpu, F_cpuinfo_cache_alignment);
}

static int put_x86(struct render *r, size_t number, const struct cpus *c)
{
	uint64_t cpu, physical, virtual;
	struct caps caps = { 0 };
	int e = percpu_symbol(r->k, "cpu_info", number, &cpu);

	if (e >= 0)
		e = read_caps(r->k, cpu, &caps);
	if (e < 0)
		return e;
	put(r->out, "processor\t: %zu\n", number);
	e = put_identity(r, cpu, &caps);
	if (e >= 0)
		e = put_place(r, cpu, number, c);
	put_str(r->out, "flags\t\t:");
	if (e >= 0)
		e = put_flags(r, &caps, "x86_cap_flags", 0, 32 * caps.nr_caps);
	put_str(r->out, "\nbugs\t\t:");
	if (e >= 0)
		e = put_flags(r, &caps, "x86_bug_flags", 32 * caps.nr_caps, 32 * caps.nr_bugs);
	if (e >= 0)
		e = put_speed(r, cpu);
	if (e >= 0)
		e = field_u64(r->k, cpu, F_cpuinfo_phys_bits, &physical);
	if (e >= 0)
		e = field_u64(r->k, cpu, F_cpuinfo_virt_bits, &virtual);
	if (e < 0)
		return e;
	put(r->out, "address sizes\t: %lu bits physical, %lu bits virtual\n", physical, virtual);
	return put_power(r, cpu);
}

/* What this kernel has for user space: elf_hwcap, one bit for each name of hwcap_str[]. */
static int put_features(struct render *r)
{
	struct symbol names;
	uint64_t at, bits = 0, text;
	char name[FLAG_LEN];
	int e = symbol_find(r->k, "hwcap_str", &names);

	if (e >= 0)
		e = symbol_addr(r->k, "elf_hwcap", &at);
	for (size_t i = 0; e >= 0 && i < HWCAPS_MAX && 8 * i < names.size; i++) {
		if (i % 64 == 0)
			e = kernel_read_uint(r->k, at + i / 8, 8, &bits);
		if (e < 0 || !(bits >> i % 64 & 1))
			continue;
		e = kernel_read_uint(r->k, names.addr + 8 * i, 8, &text);
		if (e >= 0 && text)
			e = kernel_read_str(r->k, text, name, sizeof(name));
		if (e >= 0 && text)
			put(r->out, " %s", name);
	}
	return e;
}

static int put_arm64(struct render *r, size_t number, const struct cpus *c)
{
	uint64_t cpu, midr, loops, hz;
	int e = percpu_symbol(r->k, "cpu_data", number, &cpu);

	(void)c;
	if (e >= 0)
		e = field_u64(r->k, cpu, F_cpuinfo_midr, &midr);
	if (e >= 0)
		e = symbol_u64(r->k, "loops_per_jiffy", 8, &loops);
	if (e >= 0)
		e = kernel_hz(r->k, &hz);
	if (e >= 0 && (!hz || hz > 5000))
		e = fail(-EBADMSG, "%lu ticks a second", hz);
	if (e < 0)
		return e;
	put(r->out, "processor\t: %zu\nBogoMIPS\t: %lu.%02lu\nFeatures\t:", number,
	    loops / (500000 / hz), loops / (5000 / hz) % 100);
	e = put_features(r);
	put(r->out, "\nCPU implementer\t: 0x%02lx\nCPU architecture: 8\nCPU variant\t: 0x%lx\n",
	    midr >> 24 & 0xff, midr >> 20 & 0xf);
	put(r->out, "CPU part\t: 0x%03lx\nCPU revision\t: %lu\n\n", midr >> 4 & 0xfff, midr & 0xf);
	return e;
}

int gen_proc_cpuinfo(struct render *r)
{
	int (*put_cpu)(struct render * r, size_t number, const struct cpus *c) =
		field_exists(r->k, F_cpuinfo_midr) ? put_arm64 : put_x86;
	const struct cpus *c;
	bool up;
	int e = cpus_get(r->k, &c);

	for (size_t cpu = 0; e >= 0 && cpu < c->nr; cpu++) {
		if (!cpu_is_in(&c->possible, cpu))
			continue;
		e = cpu_was_online(r->k, cpu, &up);
		if (e >= 0 && up)
			e = put_cpu(r, cpu, c);
	}
	return e;
}
