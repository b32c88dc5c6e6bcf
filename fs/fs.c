#include "fs/fs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"

/* Rendered texts kept. The kernel's page cache holds them too: this is for those who open a file, and
 * for what is read in pieces. */
#define CONTENT_BYTES (16u << 20)

#define TARGET_BYTES 4095 /* of a link: the kernel takes no more */

int fs_new(struct kernel *k, struct fs **ret)
{
	struct fs *fs = calloc(1, sizeof(*fs));
	const struct rule *rules;
	size_t n;
	int r;

	if (!fs)
		return fail(-ENOMEM, "the tree");
	fs->k = k;
	rules = tree_rules(&n);
	r = tree_compile(rules, n, &fs->tree);
	if (r == 0)
		r = contents_new(CONTENT_BYTES, &fs->contents);
	if (r == 0)
		r = nodes_new(tree_root(fs->tree), fs->contents, &fs->nodes);
	if (r < 0) {
		fs_free(fs);
		return r;
	}
	*ret = fs;
	return 0;
}

void fs_free(struct fs *fs)
{
	if (!fs)
		return;
	nodes_free(fs->nodes);
	contents_free(fs->contents);
	tree_free(fs->tree);
	free(fs);
}

static struct render render_of(struct fs *fs, const struct node *n, struct strbuf *out)
{
	struct render r = { .k = fs->k, .out = out };

	node_keys(n, r.key);
	return r;
}

/* Ask the lister of @dir for the id of @name. */
static int lookup_id(struct fs *fs, struct node *dir, const char *name, uint64_t *ret)
{
	const struct entry *pattern = dir->entry->pattern;
	struct render r = render_of(fs, dir, NULL);
	NAMES(names);
	int e;

	if (!pattern)
		return fail(-ENOENT, "no such file");
	if (pattern->lister->lookup)
		return pattern->lister->lookup(&r, name, ret);
	e = pattern->lister->list(&r, &names);
	if (e < 0 && names_find(&names, name, ret) < 0)
		return e;
	return names_find(&names, name, ret);
}

const struct entry *fs_entry(const struct node *dir, const char *name)
{
	const struct entry *e = entry_child(dir->entry, name);

	return e ? e : dir->entry->pattern;
}

/* A link that leads nowhere in this dump, such as to the file that a kernel thread executes, is not
 * there. */
static bool leads_nowhere(const struct entry *e, struct render *r)
{
	STRBUF(target);

	if (entry_is_dir(e) || e->rule->kind != RULE_LINK)
		return false;
	r->out = &target;
	return e->rule->text(r) == -ENOENT;
}

static int find_node(struct fs *fs, struct node *dir, const char *name, uint64_t id,
		     struct node **ret)
{
	struct render render;
	struct node *n;
	int r = node_intern(fs->nodes, dir, fs_entry(dir, name), name, id, &n);

	if (r < 0)
		return r;
	render = render_of(fs, n, NULL);
	if (leads_nowhere(n->entry, &render)) {
		node_unref(fs->nodes, n, 1);
		return fail(-ENOENT, "the link leads nowhere");
	}
	*ret = n;
	return 0;
}

int fs_lookup(struct fs *fs, struct node *dir, const char *name, struct node **ret)
{
	struct node *n = node_find(fs->nodes, dir, name);
	uint64_t id = 0;
	int r = 0;

	if (n) {
		*ret = n;
		return 0;
	}
	if (!entry_child(dir->entry, name))
		r = lookup_id(fs, dir, name, &id);
	if (r < 0)
		return r;
	return find_node(fs, dir, name, id, ret);
}

bool fs_dir_is_finite(const struct node *dir)
{
	return !dir->entry->pattern || dir->entry->pattern->lister->list;
}

int fs_list(struct fs *fs, struct node *dir, struct names *names)
{
	struct render r = render_of(fs, dir, NULL);
	const struct entry *pattern = dir->entry->pattern;
	int e = 0;

	for (const struct entry *child = dir->entry->children; child; child = child->next) {
		char name[NAMES_LENGTH + 1] = "";

		if (leads_nowhere(child, &r))
			continue;
		memcpy(name, child->name, child->name_len);
		names_add(names, name, 0);
	}
	if (pattern && pattern->lister->list)
		e = pattern->lister->list(&r, names);
	return e < 0 ? e : names->error;
}

/* Cut the text at the end of a line to make room for why it ends there. */
static void mark_truncated(struct strbuf *sb)
{
	size_t len = sb->len > 256 ? sb->len - 256 : 0;
	const char *eol = len ? memrchr(sb->data, '\n', len) : NULL;

	sb->error = 0;
	sb->len = eol ? (size_t)(eol - sb->data) + 1 : len;
	put(sb, "!! truncated: more than %zu MiB of text\n", sb->len >> 20);
}

/* A text tells what kept it from being whole; no file at all only when that is not the dump's fault. */
static int open_text(struct render *render, text_fn *text, struct raw *ret)
{
	STRBUF(sb);
	size_t len = 0;
	char *data, *fitting;
	int r;

	render->out = &sb;
	r = text(render);
	if (r == -EINTR || r == -ENOMEM)
		return r;
	if (cancelled())
		return fail(-EINTR, "interrupted");
	if (r < 0) {
		const char *sep = sb.len && sb.data[sb.len - 1] != '\n' ? "\n" : "";

		put(&sb, "%s!! %s\n", sep, why());
	}
	if (sb.error == -EFBIG)
		mark_truncated(&sb);
	if (sb.error)
		return fail(sb.error, "text of %zu bytes", sb.len);
	data = strbuf_steal(&sb, &len);
	fitting = data ? realloc(data, len + 1) : NULL;
	*ret = raw_of_text(fitting ? fitting : data, len);
	return 0;
}

struct opening {
	struct fs *fs;
	struct node *node;
};

static int open_content(void *arg, struct raw *ret)
{
	const struct opening *o = arg;
	struct render render = render_of(o->fs, o->node, NULL);
	const struct rule *rule = o->node->entry->rule;

	if (rule->kind == RULE_RAW || rule->kind == RULE_WINDOW)
		return rule->raw(&render, ret);
	return open_text(&render, rule->text, ret);
}

int fs_pin(struct fs *fs, struct node *n, const struct raw **ret)
{
	struct opening o = { fs, n };
	const struct raw *raw;
	int r = content_get(fs->contents, &n->content, open_content, &o, &raw);

	if (r < 0)
		return within(r, "%s", n->entry->rule->path);
	node_set_size(n, raw->size, raw->stored);
	*ret = raw;
	return 0;
}

void fs_unpin(struct fs *fs, struct node *n)
{
	content_put(fs->contents, &n->content);
}

/* As a text, a link tells what kept it from being made; then it dangles. */
int fs_readlink(struct fs *fs, struct node *n, struct strbuf *out)
{
	struct render render = render_of(fs, n, out);
	int r = n->entry->rule->text(&render);

	if (r == -EINTR || r == -ENOMEM)
		return r;
	if (r == 0 && out->len > TARGET_BYTES)
		r = fail(-ELOOP, "a target of %zu bytes", out->len);
	if (r < 0) {
		out->len = 0;
		put(out, "!! %s", why());
	}
	return out->error;
}

int fs_size(struct fs *fs, struct node *n)
{
	const struct raw *raw;
	STRBUF(target);
	int r;

	if (node_is_sized(n))
		return 0;
	if (n->entry->rule->kind == RULE_LINK) {
		r = fs_readlink(fs, n, &target);
		if (r == 0)
			node_set_size(n, target.len, 0);
		return r;
	}
	r = fs_pin(fs, n, &raw);
	if (r < 0)
		return r;
	fs_unpin(fs, n);
	return 0;
}
