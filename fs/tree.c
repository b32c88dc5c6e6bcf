#include "fs/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/err.h"

static const struct rule rules[] = {
#define TEXT(p, fn, h)	   { .kind = RULE_TEXT, .path = p, .help = h, .text = fn },
#define SOME(p, is, fn, h) { .kind = RULE_TEXT, .path = p, .help = h, .text = fn, .has = is },
#define RAW(p, fn, h)	   { .kind = RULE_RAW, .path = p, .help = h, .raw = fn },
#define WINDOW(p, fn, h)   { .kind = RULE_WINDOW, .path = p, .help = h, .raw = fn },
#define LINK(p, fn, h)	   { .kind = RULE_LINK, .path = p, .help = h, .text = fn },
#define LIST(p, l, h)	   { .kind = RULE_LIST, .path = p, .help = h, .lister = &l },
#define WALK(p, w, h)	   { .kind = RULE_WALK, .path = p, .help = h, .walker = &w },
#include "fs/tree.def"
};

const struct rule *tree_rules(size_t *ret_n)
{
	*ret_n = sizeof(rules) / sizeof(rules[0]);
	return rules;
}

struct tree {
	size_t used;
	struct entry entries[]; /* the first is the root */
};

/* At most so many entries; a lister that is like another may have as many again. */
static size_t count_entries(const struct rule *rule, size_t n)
{
	size_t parts = 1, times = 1;

	for (size_t i = 0; i < n; i++) {
		for (const char *p = rule[i].path; *p; p++)
			parts += *p == '/';
		times += rule[i].lister && rule[i].lister->like;
	}
	return parts * times;
}

static bool is_pattern(const char *name, size_t len)
{
	return len > 2 && name[0] == '{' && name[len - 1] == '}';
}

static bool has_name(const struct entry *e, const char *name, size_t len)
{
	return e->name_len == len && !memcmp(e->name, name, len);
}

static struct entry *find_child(const struct entry *e, const char *name, size_t len)
{
	struct entry *child;

	if (is_pattern(name, len))
		return e->pattern && has_name(e->pattern, name, len) ? e->pattern : NULL;
	for (child = e->children; child; child = child->next)
		if (has_name(child, name, len))
			return child;
	return NULL;
}

static int add_child(struct tree *t, struct entry *e, const char *name, size_t len,
		     struct entry **ret)
{
	struct entry *child = &t->entries[t->used];

	if (e->rule)
		return fail(-EINVAL, "%s is no directory", e->rule->path);
	if (e->walker)
		return fail(-EINVAL, "%.*s: what is below is its walker's", (int)e->name_len,
			    e->name);
	*child = (struct entry){ .name = name, .name_len = len, .parent = e, .depth = e->depth };
	if (is_pattern(name, len)) {
		if (e->pattern)
			return fail(-EINVAL, "%s: a second pattern in one directory", name);
		if (++child->depth > KEYS_MAX)
			return fail(-EINVAL, "%s: more than %d patterns in a path", name, KEYS_MAX);
		e->pattern = child;
	} else if (e->last_child) {
		e->last_child->next = child;
	} else {
		e->children = child;
	}
	if (e->pattern != child)
		e->last_child = child;
	t->used++;
	*ret = child;
	return 0;
}

static int set_rule(struct entry *e, const struct rule *rule)
{
	if (rule->kind == RULE_LIST || rule->kind == RULE_WALK) {
		if (e->parent->pattern != e || e->lister || e->walker)
			return fail(-EINVAL, "%s: no pattern, or listed twice", rule->path);
		if (rule->kind == RULE_WALK && (e->children || e->pattern))
			return fail(-EINVAL, "%s: what is below is its walker's", rule->path);
		e->lister = rule->lister;
		e->walker = rule->walker;
		return 0;
	}
	if (e->walker || e->rule || e->children || e->pattern)
		return fail(-EINVAL, "%s: there is such a file or directory", rule->path);
	e->rule = rule;
	return 0;
}

static int add_rule(struct tree *t, const struct rule *rule)
{
	struct entry *e = &t->entries[0], *child;
	const char *p = rule->path;

	if (!*rule->help)
		return fail(-EINVAL, "%s: no help", rule->path);
	while (*p) {
		const char *name = p + 1;
		size_t len = strcspn(name, "/");
		int r = 0;

		if (*p != '/' || !len)
			return fail(-EINVAL, "%s: no path", rule->path);
		child = find_child(e, name, len);
		if (!child)
			r = add_child(t, e, name, len, &child);
		if (r < 0)
			return r;
		e = child;
		p = name + len;
	}
	if (!e->parent)
		return fail(-EINVAL, "empty path");
	return set_rule(e, rule);
}

static bool is_above(const struct entry *e, const struct entry *below)
{
	while (below && below != e)
		below = below->parent;
	return below;
}

/* Put what is in @from also into @to, which may lie in it: not that part then. */
static int graft(struct tree *t, struct entry *to, const struct entry *from)
{
	const struct entry *e = from->children ? from->children : from->pattern;
	struct entry *copy;
	int r = 0;

	for (; r == 0 && e; e = e->next ? e->next : e != from->pattern ? from->pattern : NULL) {
		if (is_above(e, to) || find_child(to, e->name, e->name_len))
			continue;
		r = add_child(t, to, e->name, e->name_len, &copy);
		if (r < 0)
			return r;
		copy->rule = e->rule;
		copy->lister = e->lister;
		copy->walker = e->walker;
		r = graft(t, copy, e);
	}
	return r;
}

static struct entry *find_path(struct tree *t, const char *path)
{
	struct entry *e = &t->entries[0];

	while (e && *path) {
		size_t len = strcspn(++path, "/");

		e = find_child(e, path, len);
		path += len;
	}
	return e;
}

/* What lister.like asks for. */
static int graft_all(struct tree *t)
{
	for (size_t i = 0, n = t->used; i < n; i++) {
		struct entry *to = &t->entries[i];
		const struct entry *from;
		int r;

		if (!to->lister || !to->lister->like)
			continue;
		from = find_path(t, to->lister->like);
		if (!from)
			return fail(-EINVAL, "%s: no such directory", to->lister->like);
		r = graft(t, to, from);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_listers(const struct tree *t)
{
	for (size_t i = 0; i < t->used; i++)
		if (is_pattern(t->entries[i].name, t->entries[i].name_len) &&
		    !t->entries[i].lister && !t->entries[i].walker)
			return fail(-EINVAL, "%.*s: nothing lists it", (int)t->entries[i].name_len,
				    t->entries[i].name);
	return 0;
}

int tree_compile(const struct rule *rule, size_t n, struct tree **ret)
{
	size_t room = count_entries(rule, n);
	struct tree *t = calloc(1, sizeof(*t) + room * sizeof(t->entries[0]));
	int r = 0;

	if (!t)
		return fail(-ENOMEM, "the tree");
	t->used = 1;
	t->entries[0].name = "";
	for (size_t i = 0; i < n && r == 0; i++)
		r = add_rule(t, &rule[i]);
	if (r == 0)
		r = check_listers(t);
	if (r == 0)
		r = graft_all(t);
	if (r < 0) {
		tree_free(t);
		return r;
	}
	*ret = t;
	return 0;
}

void tree_free(struct tree *t)
{
	free(t);
}

const struct entry *tree_root(const struct tree *t)
{
	return &t->entries[0];
}

const struct entry *entry_child(const struct entry *e, const char *name)
{
	size_t len = strlen(name);

	/* A directory that someone calls {x} is none of the table's. */
	return is_pattern(name, len) ? NULL : find_child(e, name, len);
}
