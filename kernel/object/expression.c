#include "kernel/object/expression.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "kernel/cpu/cpu.h"
#include "kernel/object/variable.h"

#define PHYSICAL "phys:"

/* All of @text in hexadecimal, with 0x or without. */
static bool hex(const char *text, uint64_t *ret)
{
	char *end;

	if (text[0] == '0' && (text[1] | 32) == 'x')
		text += 2;
	if (!isxdigit((unsigned char)*text) || strlen(text) > 16)
		return false;
	*ret = strtoull(text, &end, 16);
	return !*end;
}

/* All of @text in decimal, or in hexadecimal with 0x. */
static bool number(const char *text, uint64_t *ret)
{
	char *end;

	if (!isdigit((unsigned char)*text) || strlen(text) > 18)
		return false;
	if (text[0] == '0' && (text[1] | 32) == 'x')
		return hex(text, ret);
	*ret = strtoull(text, &end, 10);
	return !*end;
}

/* Cut "name+offset:cpu" into its parts. */
static int cut(char *name, uint64_t *ret_offset, bool *ret_has_cpu, uint64_t *ret_cpu)
{
	char *colon = strrchr(name, ':'), *plus;

	*ret_offset = 0;
	*ret_has_cpu = colon;
	if (colon && !number(colon + 1, ret_cpu))
		return fail(-EINVAL, "%s: no number of a CPU", colon + 1);
	if (colon)
		*colon = 0;
	plus = strrchr(name, '+');
	if (plus && !number(plus + 1, ret_offset))
		return fail(-EINVAL, "%s: no offset", plus + 1);
	if (plus)
		*plus = 0;
	return 0;
}

static int by_symbol(struct kernel *k, const char *text, uint64_t *ret)
{
	char name[LIMIT_SYMBOL_NAME];
	uint64_t offset, cpu = 0;
	struct symbol s;
	bool has_cpu;
	int r;

	if (strlen(text) >= sizeof(name))
		return fail(-ENOENT, "no such symbol");
	memcpy(name, text, strlen(text) + 1);
	r = cut(name, &offset, &has_cpu, &cpu);
	if (r < 0)
		return r;
	r = symbol_find(k, name, &s);
	/* Where there is no table of symbols, a few are known all the same. */
	if (r < 0 && r != -EINTR && !has_cpu && symbol_addr(k, name, &s.addr) == 0) {
		*ret = s.addr + offset;
		return 0;
	}
	if (r < 0)
		return r;
	if (has_cpu && !symbol_is_per_cpu(k, &s))
		return fail(-EINVAL, "%s is not per CPU", name);
	*ret = s.addr + offset;
	return has_cpu ? percpu_addr(k, *ret, (size_t)cpu, ret) : 0;
}

int expression_parse(struct kernel *k, const char *text, struct expression *ret)
{
	struct expression e = { 0 };
	int r;

	if (!strncmp(text, PHYSICAL, strlen(PHYSICAL))) {
		e.physical = true;
		if (!hex(text + strlen(PHYSICAL), &e.addr) || e.addr >= LIMIT_PADDR)
			return fail(-EINVAL, "%s: no physical address", text);
		*ret = e;
		return 0;
	}
	r = by_symbol(k, text, &e.addr);
	if (r < 0 && !hex(text, &e.addr))
		return r;
	if (!(e.addr >> 63))
		return fail(-EFAULT, "%#lx is no address of the kernel", e.addr);
	*ret = e;
	return 0;
}
