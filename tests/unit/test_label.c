/* AppArmor's labels: one profile, stacked ones, none, and broken. */
#include "kernel/task/label.h"

#include <errno.h>

#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define TASK	 (FAKE_BASE + 0x100)
#define CRED	 (FAKE_BASE + 0x200)
#define BLOB	 (FAKE_BASE + 0x300)
#define CTX	 (FAKE_BASE + 0x380)
#define SIZES	 (FAKE_BASE + 0x400)
#define READY	 (FAKE_BASE + 0x480)
#define ROOT_NS	 (FAKE_BASE + 0x488)
#define LABEL	 (FAKE_BASE + 0x500)
#define NS	 (FAKE_BASE + 0x900)
#define PROFILES (FAKE_BASE + 0x1000)

static const char types[] = "task_struct 32 ptr real_cred@8 ptr security@16\n"
			    "cred 16 ptr security@8\n"
			    "lsm_blob_sizes 16 s32 lbs_cred@0 s32 lbs_task@12\n"
			    "aa_task_ctx 32 ptr onexec@8 ptr previous@16\n"
			    "aa_label 32 s32 size@16 ptr vec@24\n"
			    "aa_policy 16 ptr hname@8\n"
			    "aa_profile 64 aa_policy base@0 ptr ns@24 u64 mode@32\n";

static void put_profile(struct fake *f, unsigned int i, const char *name, uint64_t mode)
{
	const uint64_t at = PROFILES + 0x100 * i;

	fake_put(f, LABEL + 24 + 8 * i, at, 8);
	fake_put(f, at + 8, at + 0x80, 8);
	fake_put(f, at + 24, NS, 8);
	fake_put(f, at + 32, mode, 8);
	strcpy(fake_at(f, at + 0x80), name);
}

/* A task that has LABEL now, had none before and asked for LABEL. */
static struct fake *make(uint64_t n)
{
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(apparmor_initialized)=%llx\nSYMBOL(root_ns)=%llx\n", READY,
	    ROOT_NS);
	put(&f->vmcoreinfo, "SYMBOL(apparmor_blob_sizes)=%llx\n", SIZES);
	fake_put(f, TASK + 8, CRED, 8);
	fake_put(f, TASK + 16, CTX, 8);
	fake_put(f, CRED + 8, BLOB, 8);
	fake_put(f, SIZES, 16, 4);
	fake_put(f, SIZES + 12, 32, 4);
	fake_put(f, BLOB + 16, LABEL, 8);
	fake_put(f, CTX + 32 + 8, LABEL, 8);
	fake_put(f, READY, 1, 4);
	fake_put(f, ROOT_NS, NS, 8);
	fake_put(f, LABEL + 16, n, 4);
	return f;
}

static void expect(struct fake *f, enum label_kind kind, const char *text)
{
	STRBUF(out);

	fake_open(f);
	fake_structs(f, types);
	assert_ok(put_task_label(&out, f->kernel, TASK, kind));
	assert_string_equal(out.data ? out.data : "", text);
	fake_free(f);
}

static void whole(void **state)
{
	struct fake *f;

	(void)state;
	for (unsigned int kind = LABEL_CURRENT; kind <= LABEL_CREATE; kind++) {
		f = make(1);
		put_profile(f, 0, "unconfined", 3);
		expect(f, kind, kind == LABEL_CURRENT || kind == LABEL_EXEC ? "unconfined\n" : "");
	}
	f = make(1);
	put_profile(f, 0, "/usr/bin/man", 0);
	expect(f, LABEL_CURRENT, "/usr/bin/man (enforce)\n");
	f = make(2);
	put_profile(f, 0, "unconfined", 3);
	put_profile(f, 1, "a\nb", 1);
	expect(f, LABEL_CURRENT, "unconfined//&a\\012b (complain)\n");
	f = make(2);
	put_profile(f, 0, "a", 0);
	put_profile(f, 1, "b", 1);
	expect(f, LABEL_CURRENT, "a//&b (mixed)\n");
	f = make(1);
	put_profile(f, 0, "a", 99);
	expect(f, LABEL_CURRENT, "a\n");
}

static void broken(void **state)
{
	static const struct {
		uint64_t at, value;
		int code;
		const char *text;
	} cases[] = {
		{ LABEL + 16, 0, -EBADMSG, "a label of 0 profiles" },
		{ LABEL + 16, 257, -EBADMSG, "a label of 257 profiles" },
		{ LABEL + 24, 0x1000, -EFAULT, "label at" },
		{ PROFILES + 24, NS + 8, -EOPNOTSUPP, "another namespace" },
		{ CRED + 8, FAKE_BASE + 0x3f000, -ENODATA, "" },
		{ READY, 0, -EOPNOTSUPP, "security module" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = make(1);
		STRBUF(out);

		put_profile(f, 0, "a", 0);
		fake_put(f, cases[i].at, cases[i].value, 8);
		f->missing[0x3f] = true;
		fake_open(f);
		fake_structs(f, types);
		assert_fails(put_task_label(&out, f->kernel, TASK, LABEL_CURRENT), cases[i].code,
			     cases[i].text);
		fake_free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
