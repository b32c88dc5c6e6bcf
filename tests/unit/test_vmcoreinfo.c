#include "tests/unit/unit.h"

#include "dump/vmcoreinfo.h"

static const char text[] = "OSRELEASE=6.1.0-13-amd64\n"
			   "BUILD-ID=00ff\n"
			   "PAGESIZE=4096\n"
			   "SYMBOL(init_uts_ns)=ffffffff82013500\n"
			   "SYMBOL(swapper)=0xffffffff82013501\n"
			   "SIZE(page)=64\n"
			   "OFFSET(page.flags)=0\n"
			   "NUMBER(phys_base)=-16777216\n"
			   "NUMBER(kimage_voffset)=0xffff800007c00000\n"
			   "LENGTH(mem_section)=2048\n"
			   "EMPTY=\n"
			   "KERNELOFFSET=1a000000\n"
			   "NUMBER(junk)=12x\n"
			   "NUMBER(space)= 12\n"
			   "NUMBER(huge)=99999999999999999999\n"
			   "A=first\n"
			   "A=second\n"
			   "CRASHTIME=1700000000";

static const struct vmcoreinfo vi = { .text = text, .len = sizeof(text) - 1 };

static void values(void **state)
{
	const char *v;
	size_t len;

	(void)state;
	v = vmcoreinfo_value(&vi, "OSRELEASE", &len);
	assert_int_equal(len, 14);
	assert_memory_equal(v, "6.1.0-13-amd64", 14);
	v = vmcoreinfo_value(&vi, "A", &len);
	assert_memory_equal(v, "first", 5);
	v = vmcoreinfo_value(&vi, "CRASHTIME", &len);
	assert_int_equal(len, 10);
	assert_non_null(vmcoreinfo_value(&vi, "EMPTY", &len));
	assert_int_equal(len, 0);
	assert_null(vmcoreinfo_value(&vi, "RELEASE", &len));
	assert_null(vmcoreinfo_value(&vi, "OSRELEAS", &len));
	assert_null(vmcoreinfo_value(&vi, "OSRELEASE=6.1", &len));
	assert_null(vmcoreinfo_value(&vi, "", &len));
}

typedef bool getter(const struct vmcoreinfo *, const char *, uint64_t *);

static void numbers(void **state)
{
	static const struct {
		getter *get;
		const char *name;
		bool ok;
		uint64_t value;
	} cases[] = {
		{ vmcoreinfo_symbol, "init_uts_ns", true, 0xffffffff82013500 },
		{ vmcoreinfo_symbol, "swapper", true, 0xffffffff82013501 },
		{ vmcoreinfo_symbol, "page", false, 0 },
		{ vmcoreinfo_size, "page", true, 64 },
		{ vmcoreinfo_offset, "page.flags", true, 0 },
		{ vmcoreinfo_offset, "page", false, 0 },
		{ vmcoreinfo_number, "phys_base", true, (uint64_t)-16777216 },
		{ vmcoreinfo_number, "kimage_voffset", true, 0xffff800007c00000 },
		{ vmcoreinfo_number, "junk", false, 0 },
		{ vmcoreinfo_number, "space", false, 0 },
		{ vmcoreinfo_number, "huge", false, 0 },
		{ vmcoreinfo_decimal, "PAGESIZE", true, 4096 },
		{ vmcoreinfo_decimal, "CRASHTIME", true, 1700000000 },
		{ vmcoreinfo_decimal, "EMPTY", false, 0 },
		{ vmcoreinfo_hex, "KERNELOFFSET", true, 0x1a000000 },
		{ vmcoreinfo_hex, "OSRELEASE", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t v = 1234;

		assert_int_equal(cases[i].get(&vi, cases[i].name, &v), cases[i].ok);
		assert_int_equal(v, cases[i].ok ? cases[i].value : 1234);
	}
}

/* A name of any length is only a name that is not there. */
static void long_names(void **state)
{
	char name[300];
	uint64_t v;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	assert_false(vmcoreinfo_symbol(&vi, name, &v));
	assert_false(vmcoreinfo_hex(&vi, name, &v));
}

static size_t recognise(const char *s)
{
	unsigned char page[4096] = { 0 };

	memcpy(page, s, strlen(s));
	return vmcoreinfo_recognise(page, sizeof(page));
}

static void recognises(void **state)
{
	static const char good[] = "OSRELEASE=1\nPAGESIZE=4096\nSYMBOL(x)=1\n";

	(void)state;
	assert_int_equal(recognise(good), sizeof(good) - 1);
	assert_int_equal(recognise("OSRELEASE=1\nPAGESIZE=4096\n"), 0);
	assert_int_equal(recognise("OSRELEASE=1\nSYMBOL(x)=1\n"), 0);
	assert_int_equal(recognise("PAGESIZE=4096\nOSRELEASE=1\nSYMBOL(x)=1\n"), 0);
	assert_int_equal(recognise("OSRELEASE=1\nPAGESIZE=4096\nSYMBOL(x)=1\n\x7f=\n"), 0);
	assert_int_equal(recognise("OSRELEASE=1\nPAGESIZE=4096\nSYMBOL(x)=1\nno value\n"), 0);
	assert_int_equal(recognise(""), 0);
	assert_int_equal(vmcoreinfo_recognise((const unsigned char *)good, 9), 0);
	assert_int_equal(vmcoreinfo_recognise((const unsigned char *)good, 0), 0);
}

UNIT_TESTS(cmocka_unit_test(values), cmocka_unit_test(numbers), cmocka_unit_test(long_names),
	   cmocka_unit_test(recognises))
