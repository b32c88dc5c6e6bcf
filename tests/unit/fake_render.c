#include "tests/unit/fake_render.h"

#include <stdlib.h>

#include "tests/unit/unit.h"

static struct render render_of(struct fake *f, uint64_t id, struct strbuf *out)
{
	return (struct render){ .k = f->kernel, .out = out, .key = { { id, "0" } } };
}

char *fake_text(struct fake *f, text_fn *fn, uint64_t id)
{
	STRBUF(out);
	struct render r = render_of(f, id, &out);

	if (!id)
		r.key[0].name = NULL;
	if (fn(&r) < 0)
		put(&out, "!! %s\n", why());
	put_str(&out, "");
	return strdup(out.data ? out.data : "");
}

void expect_text(struct fake *f, text_fn *fn, uint64_t id, const char *expected)
{
	char *text = fake_text(f, fn, id);

	assert_string_equal(text, expected);
	free(text);
}

void expect_part(struct fake *f, text_fn *fn, uint64_t id, const char *part)
{
	char *text = fake_text(f, fn, id);

	if (!strstr(text, part))
		test_failed("no \"%s\" in: %s", part, text);
	free(text);
}

void expect_error(struct fake *f, text_fn *fn, uint64_t id, const char *part)
{
	char *text = fake_text(f, fn, id), *error = strstr(text, "!! ");

	if (!error || !strstr(error, part))
		test_failed("no error with \"%s\" in: %s", part, text);
	free(text);
}

char *fake_names(struct fake *f, const struct lister *lister, uint64_t id)
{
	struct render r = render_of(f, id, NULL);
	STRBUF(out);
	NAMES(names);
	int e = lister->list(&r, &names);

	for (size_t i = 0; i < names.n; i++)
		put(&out, "%s ", names_text(&names, i));
	if (e < 0)
		put(&out, "!! %s\n", why());
	return strdup(out.data ? out.data : "");
}

void expect_names(struct fake *f, const struct lister *lister, uint64_t id, const char *expected)
{
	char *text = fake_names(f, lister, id);

	assert_string_equal(text, expected);
	free(text);
}

void fake_machine(struct fake *f, uint64_t at, unsigned int n, uint64_t step, uint64_t jiffies)
{
	fake_cpus(f, at, n, 0, step);
	put(&f->vmcoreinfo, "SYMBOL(jiffies_64)=%lx\nSYMBOL(tk_core)=%lx\n", at + 8, at + 1024 - 8);
	fake_put(f, at + 8, jiffies, 8);
	fake_put(f, at + 1024 + 48, 4000000ull << 32, 8);
}
