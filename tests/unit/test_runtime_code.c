/* Code made at run time: what the lists name, what they lie about, and where copies come from. */
#include "kernel/code/runtime_code.h"

#include <errno.h>

#include "kernel/symbol/symbols.h"
#include "tests/unit/made_kallsyms.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define KALLSYMS (FAKE_BASE + 0x20000)
#define TEXT	 (FAKE_BASE + 0x10000)
#define BPF_LIST (FAKE_BASE + 0x8000)
#define OPS_LIST (FAKE_BASE + 0x9000)
#define SLOTS	 (FAKE_BASE + 0xa000)
#define CODE	 (FAKE_BASE + 0x34000)

struct seen {
	size_t n;
	struct runtime_code code[8];
};

static int take_code(void *arg, const struct runtime_code *code)
{
	struct seen *s = arg;

	s->code[s->n++] = *code;
	return 0;
}

static void put_list(struct fake *f, uint64_t head, uint64_t links)
{
	fake_put(f, head, links, 8);
	fake_put(f, head + 8, links, 8);
	fake_put(f, links, head, 8);
	fake_put(f, links + 8, head, 8);
}

static void put_text(struct fake *f, uint64_t va, const char *text)
{
	memcpy(fake_at(f, va), text, strlen(text) + 1);
}

/* One of each. */
static struct fake *new_kernel(void)
{
	struct made_kallsyms m = {
		.va = KALLSYMS, .text = TEXT, .nr = 100, .encoding = KALLSYMS_RELATIVE
	};
	struct fake *f = fake_new();

	made_kallsyms(&m);
	memcpy(fake_at(f, KALLSYMS), m.blob.data, m.blob.len);
	blob_fini(&m.blob);
	put(&f->vmcoreinfo,
	    "SYMBOL(bpf_kallsyms)=%llx\nSYMBOL(ftrace_ops_trampoline_list)=%llx\n"
	    "SYMBOL(kprobe_insn_slots)=%llx\nSYMBOL(ftrace_caller)=%llx\n"
	    "SYMBOL(ftrace_regs_caller)=%llx\n",
	    BPF_LIST, OPS_LIST, SLOTS, TEXT + 0x1000, TEXT + 0x2000);
	put_list(f, BPF_LIST, BPF_LIST + 0x130);
	fake_put(f, BPF_LIST + 0x100, CODE, 8);
	fake_put(f, BPF_LIST + 0x108, CODE + 0x40, 8);
	put_text(f, BPF_LIST + 0x110, "bpf_prog_1_a");
	put_list(f, OPS_LIST, OPS_LIST + 0x110);
	fake_put(f, OPS_LIST + 0x100, CODE + 0x1000, 8);
	fake_put(f, OPS_LIST + 0x108, 0x154, 8);
	put_list(f, SLOTS + 8, SLOTS + 0x100);
	put_text(f, SLOTS + 0x200, "kprobe_insn_page");
	fake_put(f, SLOTS, SLOTS + 0x200, 8);
	fake_put(f, SLOTS + 0x110, CODE + 0x2000, 8);
	fake_put(f, SLOTS + 0x118, SLOTS, 8);
	memset(fake_at(f, TEXT + 0x1000), 1, 64);
	memset(fake_at(f, TEXT + 0x2000), 2, 64);
	memset(fake_at(f, CODE + 0x1000), 2, 64);
	return f;
}

static void open_it(struct fake *f)
{
	fake_open(f);
	fake_structs(f, "list_head 16 ptr next@0 ptr prev@8\n"
			"bpf_ksym 64 u64 start@0 u64 end@8 u8[32] name@16 list_head lnode@48\n"
			"ftrace_ops 32 u64 trampoline@0 u64 trampoline_size@8 list_head list@16\n"
			"kprobe_insn_cache 24 ptr sym@0 list_head pages@8\n"
			"kprobe_insn_page 32 list_head list@0 ptr insns@16 ptr cache@24\n");
}

static void of_each_kind(void **state)
{
	struct fake *f = new_kernel();
	struct seen s = { 0 };
	struct symbol symbol;
	STRBUF(problems);
	uint64_t origin;

	(void)state;
	open_it(f);
	assert_ok(runtime_code(f->kernel, take_code, &s, &problems));
	assert_int_equal(problems.len, 0);
	assert_int_equal(s.n, 3);
	assert_string_equal(s.code[0].name, "ftrace_trampoline");
	assert_int_equal(s.code[0].end, CODE + 0x1154);
	assert_string_equal(s.code[1].name, "bpf_prog_1_a");
	assert_string_equal(s.code[1].owner, "bpf");
	assert_string_equal(s.code[2].name, "kprobe_insn_page");
	assert_int_equal(s.code[2].end, CODE + 0x3000);
	assert_ok(runtime_code_origin(f->kernel, &s.code[0], &origin));
	assert_int_equal(origin, TEXT + 0x2000);
	assert_fails(runtime_code_origin(f->kernel, &s.code[1], &origin), -ENOENT,
		     "copy of nothing");

	assert_ok(symbol_at(f->kernel, CODE + 0x1153, &symbol));
	assert_string_equal(symbol.module, "__builtin__ftrace");
	assert_fails(symbol_at(f->kernel, CODE + 0x1154, &symbol), -ENOENT, "no symbol");
	assert_ok(symbol_find(f->kernel, "kprobe_insn_page", &symbol));
	assert_int_equal(symbol.addr, CODE + 0x2000);
	assert_int_equal(symbol.size, 4096);
	fake_free(f);
}

/* One list that is damaged leaves the others. */
static void damaged(void **state)
{
	static const struct {
		uint64_t at, value;
		const char *problem;
	} cases[] = {
		{ BPF_LIST + 0x108, CODE - 1, "!! bpf_kallsyms: code made at run time" },
		{ BPF_LIST + 0x108, CODE + (1 << 30), "!! bpf_kallsyms: code made at run time" },
		{ BPF_LIST + 0x100, 0x1000, "!! bpf_kallsyms: code made at run time" },
		{ BPF_LIST, 0x1000, "!! bpf_kallsyms: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake *f = new_kernel();
		struct seen s = { 0 };
		STRBUF(problems);

		fake_put(f, cases[i].at, cases[i].value, 8);
		open_it(f);
		assert_ok(runtime_code(f->kernel, take_code, &s, &problems));
		assert_int_equal(s.n, 2);
		assert_non_null(strstr(problems.data, cases[i].problem));
		fake_free(f);
	}
}

/* A list that leads back into itself. */
static void ring(void **state)
{
	struct fake *f = new_kernel();
	struct symbol symbol;

	(void)state;
	fake_put(f, BPF_LIST + 0x130, BPF_LIST + 0x130, 8);
	open_it(f);
	/* It takes what it got before it saw that. */
	assert_ok(symbol_at(f->kernel, CODE, &symbol));
	assert_string_equal(symbol.name, "bpf_prog_1_a");
	fake_free(f);
}

UNIT_TESTS(cmocka_unit_test(of_each_kind), cmocka_unit_test(damaged), cmocka_unit_test(ring))
