/* Values of /proc/sys that are made when they are read; and what damaged ones lead to. */
#include <errno.h>
#include <string.h>

#include "kernel/sys/sysctl.h"
#include "tests/unit/made_structs.h"
#include "tests/unit/unit.h"

#define AT(n) ((uint64_t)(FAKE_BASE + (n)))

static const char types[] = "list_head 16 ptr next@0 ptr prev@8\n"
			    "tcp_congestion_ops 64 list_head list@0 u32 flags@16 u8[16] name@24\n"
			    "percpu_counter 32 u64 count@0 ptr counters@8\n"
			    "dqstats 48 u64[1] stat@0 percpu_counter[1] counter@16\n"
			    "ctl_table 48 ptr procname@0 ptr data@8 ptr extra1@32\n"
			    "nf_logger 8 ptr name@0\n"
			    "netns_nf 32 ptr[2] nf_loggers@0\n"
			    "static_key 16 s32 enabled@0\n"
			    "net 64 netns_nf nf@0\n";

/* reno, that all may use, and cubic behind it, whose links lead to @next; the logger of @protocol. */
static struct fake *with_values(uint64_t next, uint64_t protocol)
{
	static const char *const symbols[] = { "tcp_cong_list", "init_net", "dqstats" };
	struct fake *f = fake_new();

	for (unsigned int i = 0; i < ARRAY_SIZE(symbols); i++)
		put(&f->vmcoreinfo, "SYMBOL(%s)=%lx\n", symbols[i], AT(0x1000 * (i + 1)));
	put(&f->vmcoreinfo, "SYMBOL(nr_dentry)=%lx\n", (uint64_t)0x100);
	fake_put(f, AT(0x1000), AT(0x1100), 8);
	fake_put(f, AT(0x1100), AT(0x1200), 8);
	fake_put(f, AT(0x1110), 1, 4);
	memcpy(fake_at(f, AT(0x1118)), "reno", 5);
	fake_put(f, AT(0x1200), next, 8);
	memcpy(fake_at(f, AT(0x1218)), "cubic", 6);
	fake_put(f, AT(0x2008), AT(0x1500), 8); /* a logger of protocol 1 */
	fake_put(f, AT(0x1500), AT(0x1600), 8);
	memcpy(fake_at(f, AT(0x1600)), "syslog", 7);
	fake_put(f, AT(0x3010), 5, 8); /* a counter and what the CPUs have of it */
	fake_put(f, AT(0x3018), 0x200, 8);
	fake_cpus(f, AT(0x8000), 2, AT(0x4000), 0x1000);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		fake_put(f, AT(0x4100 + 0x1000 * cpu), 40, 8);
		fake_put(f, AT(0x4200 + 0x1000 * cpu), 1, 4);
	}
	fake_put(f, AT(0x7000), AT(0x7100), 8); /* a pointer to bits */
	fake_put(f, AT(0x7100), 0xd, 8);
	fake_put(f, AT(0x7010), 0x400000, 8);
	fake_put(f, AT(0x7200), 7, 8);
	fake_put(f, AT(0x7420), protocol, 8);
	fake_open(f);
	fake_structs(f, types);
	return f;
}

static int make(struct fake *f, const char *handler, const struct sysctl *s, struct strbuf *text)
{
	for (unsigned int i = 0; i < 2; i++)
		for (const struct sysctl_made *m = i ? sysctls_of_net : sysctls_of_kernel;
		     m->handler; m++)
			if (!strcmp(m->handler, handler))
				return m->put(text, f->kernel, s, m->name);
	return -ENOSYS;
}

static void whole(void **state)
{
	static const struct {
		const char *handler, *text;
		struct sysctl s;
	} cases[] = {
		{ "proc_tcp_available_congestion_control", "reno cubic\n", { .data = 0 } },
		{ "proc_allowed_congestion_control", "reno\n", { .data = 0 } },
		{ "nf_log_proc_dostring", "NONE\n", { .table = AT(0x7300) } },
		{ "nf_log_proc_dostring", "syslog\n", { .table = AT(0x7400) } },
		{ "do_proc_dqstats", "7\n", { .data = AT(0x3000), .max = 8 } },
		{ "proc_nr_dentry", "80\t0\t7\t0\t0\t0\n", { .data = AT(0x71f0), .max = 48 } },
		{ "proc_do_large_bitmap", "0,2-3\n", { .data = AT(0x7000), .max = 64 } },
		{ "proc_do_static_key", "1\n", { .data = AT(0x7200) } },
		{ "vmstat_refresh", "", { .data = 0 } },
	};
	struct fake *f = with_values(AT(0x1000), 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		STRBUF(text);

		assert_ok(make(f, cases[i].handler, &cases[i].s, &text));
		assert_string_equal(text.len ? text.data : "", cases[i].text);
	}
	fake_free(f);
}

static void broken(void **state)
{
	static const struct {
		const char *handler, *why;
		struct sysctl s;
		int code;
	} cases[] = {
		{ "proc_tcp_available_congestion_control", "tcp_cong_list", { .data = 0 }, -ELOOP },
		{ "nf_log_proc_dostring", "no logger", { .table = AT(0x7400) }, -EBADMSG },
		{ "do_proc_dqstats", "dqstats", { .data = AT(0x2000), .max = 8 }, -EBADMSG },
		{ "do_proc_dqstats", "dqstats", { .data = AT(0x3000) }, -EBADMSG },
		{ "proc_nr_dentry", "numbers", { .data = AT(0x7200) }, -EBADMSG },
		{ "proc_nr_inodes", "", { .data = 0x400000, .max = 56 }, -EFAULT },
		{ "proc_do_large_bitmap",
		  "bits",
		  { .data = AT(0x7000), .max = 1 << 20 },
		  -EBADMSG },
		{ "proc_do_large_bitmap", "", { .data = AT(0x7010), .max = 64 }, -EFAULT },
		{ "proc_do_uuid", "when it is read", { .data = AT(0x7800) }, -EOPNOTSUPP },
	};
	struct fake *f = with_values(AT(0x1100), 2); /* cubic leads back to reno */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		STRBUF(text);

		assert_fails(make(f, cases[i].handler, &cases[i].s, &text), cases[i].code,
			     cases[i].why);
	}
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(whole), cmocka_unit_test(broken) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
