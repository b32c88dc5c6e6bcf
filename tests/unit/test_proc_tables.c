/* /proc/crypto, keys, key-users, and /ps without types: lists and trees, whole and damaged. */
#include "tests/unit/fake_render.h"
#include "tests/unit/unit.h"

#define AT(n)	((uint64_t)(FAKE_BASE + (n)))
#define MACHINE AT(0x1000)
#define HEAD	AT(0x100)
#define ALG(i)	AT(0x2000 + 0x200 * (i))

static const char crypto_types[] =
	"list_head 16 ptr next@0 ptr prev@8\n"
	"cipher_alg 8 u32 cia_min_keysize@0 u32 cia_max_keysize@4\n"
	"cra_u 8 cipher_alg cipher@0\n"
	"crypto_alg 384 list_head cra_list@0 u32 cra_flags@16 u32 cra_blocksize@20 s32 cra_priority@24 "
	"u32 cra_refcnt@28 u8[128] cra_name@32 u8[128] cra_driver_name@160 ptr cra_type@288 cra_u cra_u@296 "
	"ptr cra_module@304\n"
	"crypto_type 64 ptr show@8\n";

/* A cipher; one that is being made; one of a kind that nobody knows. */
static struct fake *with_algorithms(void)
{
	static const unsigned int flags[] = { 0x401, 0x411, 0x2002 };
	struct fake *f = fake_new();

	put(&f->vmcoreinfo, "SYMBOL(crypto_alg_list)=%lx\n", HEAD);
	fake_put(f, HEAD, ALG(0), 8);
	for (unsigned int i = 0; i < 3; i++) {
		fake_put(f, ALG(i), i < 2 ? ALG(i + 1) : HEAD, 8);
		fake_put(f, ALG(i) + 16, flags[i], 4);
		fake_put(f, ALG(i) + 20, 16, 4);
		fake_put(f, ALG(i) + 24, (uint64_t)(100 - 200 * (int)i), 4);
		fake_put(f, ALG(i) + 28, 1, 4);
		memcpy(fake_at(f, ALG(i) + 32), "aes", 4);
		memcpy(fake_at(f, ALG(i) + 160), "aes-generic", 12);
		fake_put(f, ALG(i) + 296, 16, 4);
		fake_put(f, ALG(i) + 300, 32, 4);
	}
	return f;
}

static void open_with(struct fake *f, const char *text)
{
	fake_open(f);
	fake_structs(f, text);
}

static void algorithms(void **state)
{
	struct fake *f = with_algorithms();

	(void)state;
	open_with(f, crypto_types);
	expect_text(
		f, gen_proc_crypto, 0,
		"name         : aes\ndriver       : aes-generic\nmodule       : kernel\n"
		"priority     : 100\nrefcnt       : 1\nselftest     : passed\ninternal     : no\n"
		"type         : cipher\nblocksize    : 16\nmin keysize  : 16\nmax keysize  : 32\n\n"
		"name         : aes\ndriver       : aes-generic\nmodule       : kernel\n"
		"priority     : -100\nrefcnt       : 1\nselftest     : passed\ninternal     : no\n"
		"type         : larval\nflags        : 0x411\n\n"
		"name         : aes\ndriver       : aes-generic\nmodule       : kernel\n"
		"priority     : -300\nrefcnt       : 1\nselftest     : unknown\ninternal     : yes\n"
		"type         : compression\n\n");
	fake_free(f);
}

static void damaged_algorithms(void **state)
{
	static const struct {
		uint64_t at, value;
		const char *text;
	} cases[] = {
		{ ALG(1), ALG(0), "comes again" },
		{ ALG(1), 0xdead000000000100, "poison" },
		{ ALG(0) + 288, 0x400000, "algorithm aes at" },
		{ ALG(0) + 304, 0x400000, "algorithm aes at" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = with_algorithms();

		fake_put(f, cases[i].at, cases[i].value, 8);
		open_with(f, crypto_types);
		if (i < 2)
			expect_part(f, gen_proc_crypto, 0, "name         : aes\n");
		expect_error(f, gen_proc_crypto, 0, cases[i].text);
		fake_free(f);
	}
}

#define ROOT	AT(0x200)
#define USERS	AT(0x208)
#define TYPE	AT(0x280)
#define KEY(i)	AT(0x3000 + 0x100 * (i))
#define USER(i) AT(0x3800 + 0x80 * (i))

static const char key_types[] = FAKE_MACHINE_TYPES
	"rb_node 24 u64 __rb_parent_color@0 ptr rb_right@8 ptr rb_left@16\n"
	"key_payload 32 u64[4] data@0\n"
	"key 256 rb_node serial_node@0 s32 serial@24 u32 usage@28 u64 expiry@32 u32 uid@40 u32 gid@44 "
	"u32 perm@48 u16 datalen@52 u16 state@54 u64 flags@56 ptr type@64 ptr description@72 key_payload payload@80\n"
	"key_type 64 ptr name@0 ptr describe@8\n"
	"key_user 96 rb_node node@0 u32 usage@24 u32 nkeys@28 u32 nikeys@32 u32 uid@36 s32 qnkeys@40 s32 qnbytes@44\n";

/* Of root, of another user, of another user who lets all see it. */
static struct fake *with_keys(void)
{
	static const uint64_t expiry[] = { 0x7fffffffffffffff, 0, 100000 };
	struct fake *f = fake_new();

	fake_machine(f, MACHINE, 1, 0, 0);
	put(&f->vmcoreinfo, "SYMBOL(key_serial_tree)=%lx\nSYMBOL(key_user_tree)=%lx\n", ROOT,
	    USERS);
	put(&f->vmcoreinfo, "SYMBOL(key_quota_maxkeys)=%lx\nSYMBOL(key_quota_root_maxkeys)=%lx\n",
	    AT(0x220), AT(0x224));
	put(&f->vmcoreinfo, "SYMBOL(key_quota_maxbytes)=%lx\nSYMBOL(key_quota_root_maxbytes)=%lx\n",
	    AT(0x228), AT(0x22c));
	for (unsigned int i = 0; i < 4; i++)
		fake_put(f, AT(0x220) + 4 * i, 200 + i, 4);
	fake_put(f, TYPE, TYPE + 32, 8);
	memcpy(fake_at(f, TYPE + 32), "big_key_of_all", 15);
	fake_put(f, ROOT, KEY(1), 8);
	fake_put(f, KEY(1) + 16, KEY(0), 8);
	fake_put(f, KEY(1) + 8, KEY(2), 8);
	for (unsigned int i = 0; i < 3; i++) {
		fake_put(f, KEY(i) + 24, 0x1234 + i, 4);
		fake_put(f, KEY(i) + 28, 2, 4);
		fake_put(f, KEY(i) + 32, expiry[i], 8);
		fake_put(f, KEY(i) + 40, i ? 1000 : 0, 4);
		fake_put(f, KEY(i) + 44, (uint64_t)-1, 4);
		fake_put(f, KEY(i) + 48, i == 2 ? 0x3f3f0001 : 0x3f3f0000, 4);
		fake_put(f, KEY(i) + 54, 1, 2);
		fake_put(f, KEY(i) + 56, i == 2 ? 0x2f : 4, 8);
		fake_put(f, KEY(i) + 64, TYPE, 8);
	}
	fake_put(f, USERS, USER(0), 8);
	fake_put(f, USER(0) + 8, USER(1), 8);
	for (unsigned int i = 0; i < 2; i++) {
		fake_put(f, USER(i) + 24, 5, 4);
		fake_put(f, USER(i) + 36, 1000 * i, 4);
		fake_put(f, USER(i) + 40, 3, 4);
	}
	/* it is 96400 s after 1970: the third expires an hour later */
	fake_put(f, MACHINE + 1024 + 16, 96400, 8);
	return f;
}

static void keys(void **state)
{
	struct fake *f = with_keys();

	(void)state;
	open_with(f, key_types);
	expect_text(f, gen_proc_keys, 0,
		    "00001234 I--Q---     2 perm 3f3f0000     0 65534 big_key_o \n"
		    "00001236 IRDQU-i     2   1h 3f3f0001  1000 65534 big_key_o \n");
	expect_text(f, gen_proc_key_users, 0,
		    "    0:     5 0/0 3/201 0/203\n 1000:     5 0/0 3/200 0/202\n");
	fake_free(f);
}

static void damaged_keys(void **state)
{
	static const struct {
		uint64_t at, value;
		const char *text;
	} cases[] = {
		{ KEY(2) + 8, KEY(1), "comes again" },
		{ KEY(2) + 16, 0x400000, "rbtree" },
		{ KEY(2) + 64, 0x400000, "key at 0xffffffff80003200" },
		{ ROOT, AT(0x3f000), "rbtree" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = with_keys();

		fake_put(f, cases[i].at, cases[i].value, 8);
		fake_put(f, USER(1) + 16, USER(0), 8);
		f->missing[0x3f] = true;
		open_with(f, key_types);
		expect_error(f, gen_proc_keys, 0, cases[i].text);
		expect_error(f, gen_proc_key_users, 0, "comes again");
		fake_free(f);
	}
}

/* Neither types nor tasks: that is said, not that there are none. */
static void without_types(void **state)
{
	struct fake *f = fake_new();

	(void)state;
	fake_open(f);
	expect_part(f, gen_ps, 0, "      PID    PPID");
	expect_error(f, gen_ps, 0, "tasks: types: symbol __start_BTF");
	expect_error(f, gen_stacks_all, 0, "tasks: types: symbol __start_BTF");
	expect_error(f, gen_stacks_folded, 0, "tasks: types: symbol __start_BTF");
	fake_free(f);

	f = fake_new();
	fake_open(f);
	fake_structs(f, "task_struct 16 s32 pid@0\n");
	expect_error(f, gen_ps, 0, "no task was found");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(algorithms), cmocka_unit_test(damaged_algorithms),
	   cmocka_unit_test(keys), cmocka_unit_test(damaged_keys), cmocka_unit_test(without_types))
