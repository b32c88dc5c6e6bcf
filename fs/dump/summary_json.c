/* /summary.json: the rows of /summary, each a member whose name is the row's in small letters. */
#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"
#include "fs/gen.h"
#include "fs/utf8.h"

#define KEY_MAX 40

static struct json_object *text_of(const char *value, size_t len)
{
	STRBUF(clean);

	put_utf8(&clean, value, len);
	return json_object_new_string_len(clean.len ? clean.data : "", (int)clean.len);
}

static struct json_object *number_of(const char *value, size_t len)
{
	(void)len;
	return json_object_new_int64(strtoll(value, NULL, 10));
}

/* "0.59, 0.19" */
static struct json_object *list_of(const char *value, size_t len)
{
	struct json_object *list = json_object_new_array();
	const char *end = value + len;

	while (list && value < end) {
		size_t n = strcspn(value, ",\n");
		char text[24] = "";

		memcpy(text, value, n < sizeof(text) ? n : sizeof(text) - 1);
		json_object_array_add(list, json_object_new_double_s(strtod(text, NULL), text));
		value += n + 2;
	}
	return list;
}

/* "5 running, 127 sleeping" */
static struct json_object *counts_of(const char *value, size_t len)
{
	struct json_object *counts = json_object_new_object();
	const char *end = value + len;

	while (counts && value < end) {
		size_t n = strcspn(value, ",\n");
		char text[48] = "", *name;
		long long count;

		memcpy(text, value, n < sizeof(text) ? n : sizeof(text) - 1);
		count = strtoll(text, &name, 10);
		json_object_object_add(counts, name + strspn(name, " "),
				       json_object_new_int64(count));
		value += n + 2;
	}
	return counts;
}

/* The rows that are more than text. */
static const struct {
	const char *key;
	struct json_object *(*value)(const char *value, size_t len);
} kinds[] = {
	{ "cpus", number_of },	 { "load_average", list_of }, { "tasks", number_of },
	{ "states", counts_of }, { "pid", number_of },	      { "cpu", number_of },
};

static struct json_object *value_of(const char *key, const char *value, size_t len)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].key, key))
			return kinds[i].value(value, len);
	return text_of(value, len);
}

/* The second of a name makes a list. */
static void add(struct json_object *all, const char *key, struct json_object *value)
{
	struct json_object *there, *list;

	if (!json_object_object_get_ex(all, key, &there)) {
		json_object_object_add(all, key, value);
		return;
	}
	list = there;
	if (!json_object_is_type(there, json_type_array)) {
		list = json_object_new_array();
		json_object_array_add(list, json_object_get(there));
		json_object_object_add(all, key, list);
	}
	json_object_array_add(list, value);
}

/* "LOAD AVERAGE: 2.77, 0.59": a row without a name goes on with that of @key. */
static bool add_row(struct json_object *all, const char *line, size_t len, char key[KEY_MAX])
{
	const char *colon = strstr(line, ": "); /* the text ends with a NUL */
	size_t skip = strspn(line, " "), n;

	if (!colon || colon >= line + len)
		return false;
	n = (size_t)(colon - line);
	if (skip < n) {
		n -= skip;
		if (n >= KEY_MAX)
			return false;
		for (size_t i = 0; i < n; i++)
			key[i] = line[skip + i] == ' '
					 ? '_'
					 : (char)tolower((unsigned char)line[skip + i]);
		key[n] = 0;
	}
	colon += 2;
	add(all, key, value_of(key, colon, (size_t)(line + len - colon)));
	return true;
}

static void add_lines(struct json_object *all, const char *text)
{
	struct json_object *stack = json_object_new_array(), *problems = json_object_new_array();
	bool rows = true;
	char key[KEY_MAX] = "";

	for (size_t len; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (!strncmp(text, "!! ", 3))
			json_object_array_add(problems, text_of(text + 3, len - 3));
		else if (!len)
			rows = false;
		else if (!rows || !add_row(all, text, len, key))
			json_object_array_add(stack, text_of(text, len));
	}
	json_object_object_add(all, "stack", stack);
	json_object_object_add(all, "problems", problems);
}

int gen_summary_json(struct render *r)
{
	struct json_object *all = json_object_new_object();
	struct render text = *r;
	STRBUF(rows);
	int e;

	if (!all)
		return fail(-ENOMEM, "JSON object");
	text.out = &rows;
	e = gen_summary(&text);
	if (e == -EINTR || e == -ENOMEM) {
		json_object_put(all);
		return e;
	}
	if (e < 0)
		put(&rows, "\n!! %s\n", why());
	add_lines(all, rows.data ? rows.data : "");
	put_str(r->out, json_object_to_json_string_ext(
				all, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	put_str(r->out, "\n");
	json_object_put(all);
	return rows.error;
}
