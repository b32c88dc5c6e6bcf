#include "tests/unit/made_structs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/made_btf.h"
#include "tests/unit/unit.h"

#define NAMES_MAX 128

struct named {
	char name[32];
	uint32_t id;
};

struct types_of_text {
	struct made_btf btf;
	struct named named[NAMES_MAX];
	size_t n;
};

static void add_name(struct types_of_text *t, const char *name, uint32_t id)
{
	if (t->n == NAMES_MAX)
		die("more than %d types", NAMES_MAX);
	snprintf(t->named[t->n].name, sizeof(t->named[0].name), "%s", name);
	t->named[t->n++].id = id;
}

static uint32_t find_name(const struct types_of_text *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->named[i].name, name))
			return t->named[i].id;
	die("type %s is not known", name);
}

/* Arrays come before the structure that has them, so all that a line names is made first. */
static void make_arrays(struct types_of_text *t, const char *line)
{
	char type[32], element[32];
	unsigned int nr;
	int n;

	for (; sscanf(line, " %31s %*s%n", type, &n) == 1; line += n) {
		if (sscanf(type, "%31[^[][%u]", element, &nr) != 2)
			continue;
		add_name(t, type, btf_array(&t->btf, find_name(t, element), nr));
	}
}

static void make_struct(struct types_of_text *t, const char *line)
{
	char name[32], type[32], member[64];
	unsigned int size, offset;
	int n;

	if (sscanf(line, " %31s %u%n", name, &size, &n) != 2)
		die("no structure: %s", line);
	line += n;
	make_arrays(t, line);
	add_name(t, name, btf_type(&t->btf, MADE_STRUCT, name, size));
	for (; sscanf(line, " %31s %63[^@]@%u%n", type, member, &offset, &n) == 3; line += n)
		btf_member(&t->btf, member, find_name(t, type), 8 * offset, -1);
}

static void make_enum(struct types_of_text *t, const char *line)
{
	char name[64];
	long value;
	int n;

	btf_type(&t->btf, MADE_ENUM, "", 4);
	for (; sscanf(line, " %63[^= ]=%ld%n", name, &value, &n) == 2; line += n)
		btf_value(&t->btf, name, (uint64_t)value);
}

void fake_structs(struct fake *f, const char *text)
{
	struct types_of_text t = { 0 };
	char *copy = strdup(text), *rest = copy, *line;

	btf_init(&t.btf, NULL);
	add_name(&t, "u8", btf_int(&t.btf, "unsigned char", 1, 0));
	add_name(&t, "u16", btf_int(&t.btf, "unsigned short", 2, 0));
	add_name(&t, "u32", btf_int(&t.btf, "unsigned int", 4, 0));
	add_name(&t, "s32", btf_int(&t.btf, "int", 4, MADE_SIGNED));
	add_name(&t, "u64", btf_int(&t.btf, "unsigned long", 8, 0));
	add_name(&t, "ptr", btf_type(&t.btf, MADE_PTR, "", 0));
	while ((line = strsep(&rest, "\n")))
		if (!strncmp(line, "enum ", 5))
			make_enum(&t, line + 5);
		else if (*line)
			make_struct(&t, line);
	kernel_give_types(f->kernel, btf_types(&t.btf, NULL));
	btf_fini(&t.btf);
	free(copy);
}
