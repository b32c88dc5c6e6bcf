#include "fs/fs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/base/cancel.h"
#include "dump/base/err.h"
#include "fs/stable.h"
#include "dump/base/limits.h"
#include "dump/base/trouble.h"

/* Rendered texts kept. The kernel's page cache holds them too: this is for those who open a file, and
 * for what is read in pieces. */
#define CONTENT_BYTES (8u << 20)

#define TARGET_BYTES 4095 /* of a link: the kernel takes no more */

int fs_new(struct kernel *k, bool stable, size_t cache_bytes, struct fs **ret)
{
	struct fs *fs = calloc(1, sizeof(*fs));
	const struct rule *rules;
	size_t n;
	int r;

	if (!fs)
		return fail(-ENOMEM, "the tree");
	fs->k = k;
	fs->stable = stable;
	fs->seconds = LIMIT_RENDER_SECONDS;
	rules = tree_rules(&n);
	r = tree_compile(rules, n, &fs->tree);
	if (r == 0)
		r = contents_new(cache_bytes ? cache_bytes : CONTENT_BYTES, &fs->contents);
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

static void begin_work(const struct fs *fs)
{
	cancel_after(fs->seconds);
	trouble_begin();
}

/* What was given up because it took too long, and not because its reader left, says so. What was made while
 * a file could not be read is nothing. */
static int end_work(const struct fs *fs, int r)
{
	int bad = r == -EINTR || r == -ENOMEM ? 0 : trouble();

	if (bad)
		return bad;
	/* What was given up may look like what is not there. */
	if (r < 0 && r != -ENOMEM && cancelled())
		r = fail(-EINTR, "interrupted");
	return r == -EINTR && cancel_is_late() ? fail(-ETIMEDOUT, "stopped after %u s", fs->seconds)
					       : r;
}

static struct render render_of(struct fs *fs, const struct node *n, struct strbuf *out)
{
	struct render r = {
		.k = fs->k, .out = out, .item = n->item, .stable = fs->stable, .root = fs->root
	};

	node_keys(n, r.key);
	for (const struct node *dir = n->parent; dir && dir->parent; dir = dir->parent)
		r.depth++;
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

static const struct entry *child_entry(const struct node *dir, const char *name)
{
	const struct entry *e = entry_child(dir->entry, name);

	return e ? e : dir->entry->pattern;
}

/* The entry of the walker that knows what is in @dir, its fixed names aside; or NULL. */
static const struct entry *walked(const struct node *dir)
{
	const struct entry *e = dir->item ? dir->entry : dir->entry->pattern;

	return e && e->walker ? e : NULL;
}

bool fs_name_is_dir(const struct node *dir, const struct names *names, size_t i)
{
	const char *name = names_text(names, i);

	if (walked(dir) && !entry_child(dir->entry, name))
		return names->entries[i].id == ITEM_DIR;
	return entry_is_dir(child_entry(dir, name));
}

enum rule_kind fs_name_kind(const struct node *dir, const struct names *names, size_t i)
{
	const char *name = names_text(names, i);

	if (walked(dir) && !entry_child(dir->entry, name))
		return names->entries[i].id == ITEM_LINK ? RULE_LINK : RULE_TEXT;
	return child_entry(dir, name)->rule->kind;
}

/* What only some have; and a link that leads nowhere in this dump, such as to the file that a kernel thread executes, is not
 * there. */
static bool is_absent(const struct entry *e, struct render *r)
{
	STRBUF(target);

	if (entry_is_dir(e))
		return false;
	if (e->rule->has)
		return !e->rule->has(r);
	if (e->rule->kind != RULE_LINK)
		return false;
	r->out = &target;
	return e->rule->text(r) == -ENOENT;
}

static int find_node(struct fs *fs, struct node *dir, const char *name, uint64_t id,
		     struct node **ret)
{
	struct render render;
	struct node *n;
	int r = node_intern(fs->nodes, dir, child_entry(dir, name), name, id, &n);

	if (r < 0)
		return r;
	render = render_of(fs, n, NULL);
	if (is_absent(n->entry, &render)) {
		node_unref(fs->nodes, n, 1);
		/* A question that was given up has no answer. */
		return cancelled() ? fail(-EINTR, "interrupted") : fail(-ENOENT, "no such file");
	}
	*ret = n;
	return 0;
}

static int find_item(struct fs *fs, struct node *dir, const struct entry *e, const char *name,
		     struct node **ret)
{
	struct render render = render_of(fs, dir, NULL);
	struct item item = { 0 };
	int r = e->walker->find(&render, dir->item, name, &item);

	if (r < 0)
		return r;
	item.depth = dir->item ? dir->item->depth + 1 : 0;
	return node_intern_item(fs->nodes, dir, e, name, &item, ret);
}

static int look_up(struct fs *fs, struct node *dir, const char *name, struct node **ret)
{
	uint64_t id = 0;
	int r = 0;

	if (walked(dir) && !entry_child(dir->entry, name))
		return find_item(fs, dir, walked(dir), name, ret);
	if (!entry_child(dir->entry, name))
		r = lookup_id(fs, dir, name, &id);
	if (r < 0)
		return r;
	return find_node(fs, dir, name, id, ret);
}

int fs_lookup(struct fs *fs, struct node *dir, const char *name, struct node **ret)
{
	struct node *n = node_find(fs->nodes, dir, name);
	int r;

	if (n) {
		*ret = n;
		return 0;
	}
	begin_work(fs);
	r = end_work(fs, look_up(fs, dir, name, ret));
	cancel_after(0);
	return r;
}

bool fs_dir_has_reader(const struct node *dir)
{
	const struct entry *pattern = dir->entry->pattern;

	return pattern && pattern->lister && pattern->lister->reader;
}

/* Of another name than fs_lookup() can find, so that nobody else does. */
int fs_lookup_reader(struct fs *fs, struct node *dir, const char *name, struct node **ret)
{
	const struct entry *pattern = dir->entry->pattern;
	struct render r = render_of(fs, dir, NULL);
	char hidden[NAMES_LENGTH + 2];
	uint64_t id;
	int e = pattern->lister->reader(&r, &id);

	if (e < 0)
		return e;
	snprintf(hidden, sizeof(hidden), "%s/", name);
	return node_intern(fs->nodes, dir, pattern, hidden, id, ret);
}

static bool is_behind(const struct entry *e, const char *name, struct attr *ret)
{
	return e && e->lister && e->lister->behind && e->lister->behind(name, ret) == 0;
}

bool fs_is_behind(const struct node *n)
{
	struct attr attr;

	return is_behind(n->entry, n->name, &attr);
}

int fs_lookup_behind(struct fs *fs, struct node *dir, const char *name, struct node **ret)
{
	const struct entry *pattern = dir->entry->pattern;
	struct attr attr;

	if (!is_behind(pattern, name, &attr))
		return -ENOENT;
	return node_intern(fs->nodes, dir, pattern, name, 0, ret);
}

bool fs_attr(struct fs *fs, const struct node *n, struct attr *ret)
{
	const struct lister *l = n->entry->lister;
	struct attr attr = *ret;
	struct render r;
	int e, before;
	bool known;

	if (is_behind(n->entry, n->name, ret) || !l || !l->attr)
		return true;
	r = render_of(fs, n, NULL);
	before = trouble_begin();
	e = l->attr(&r, &attr);
	known = e != -EINTR && e != -ENOMEM && !trouble();
	trouble_end(before);
	if (known && e >= 0)
		*ret = attr;
	return known;
}

bool fs_dir_is_finite(const struct node *dir)
{
	const struct entry *e = walked(dir);

	if (e)
		return dir->item || e->walker->list;
	return !dir->entry->pattern ||
	       (dir->entry->pattern->lister->list && !dir->entry->pattern->lister->reader);
}

static int list(struct fs *fs, struct node *dir, struct names *names)
{
	struct render r = render_of(fs, dir, NULL);
	const struct entry *pattern = dir->entry->pattern, *walk = walked(dir);
	int e = 0;

	for (const struct entry *child = dir->entry->children; child; child = child->next) {
		char name[NAMES_LENGTH + 1] = "";

		if (is_absent(child, &r))
			continue;
		memcpy(name, child->name, child->name_len);
		names_add(names, name, 0);
	}
	if (walk)
		e = walk->walker->list ? walk->walker->list(&r, dir->item, names) : 0;
	else if (pattern && pattern->lister->list)
		e = pattern->lister->list(&r, names);
	/* What could not be asked for is missing among the names. */
	if (e >= 0 && cancelled())
		return fail(-EINTR, "interrupted");
	return e < 0 ? e : names->error;
}

int fs_list(struct fs *fs, struct node *dir, struct names *names)
{
	int r;

	begin_work(fs);
	r = end_work(fs, list(fs, dir, names));
	cancel_after(0);
	return r;
}

int fs_listed(struct fs *fs, struct node *dir, const struct names *names, size_t i,
	      struct node **ret)
{
	const char *name = names_text(names, i);

	if (walked(dir) && !entry_child(dir->entry, name))
		return find_item(fs, dir, walked(dir), name, ret);
	return node_intern(fs->nodes, dir, child_entry(dir, name), name, names->entries[i].id, ret);
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

/* Does a line say that something is missing? */
static bool has_marks(const struct strbuf *sb)
{
	return sb->len && (!strncmp(sb->data, "!! ", 3) || memmem(sb->data, sb->len, "\n!! ", 4));
}

static void put_reason(struct strbuf *sb)
{
	const char *sep = sb->len && sb->data[sb->len - 1] != '\n' ? "\n" : "";

	put(sb, "%s!! %s\n", sep, why());
}

/* A text tells what kept it from being whole; no file at all only when that is not the dump's fault. */
static int open_text(const struct fs *fs, struct render *render, text_fn *text, struct raw *ret)
{
	STRBUF(sb);
	size_t len = 0;
	char *data, *fitting;
	bool whole;
	int r;

	render->out = &sb;
	begin_work(fs);
	r = end_work(fs, text(render));
	if (r == 0 && cancelled())
		r = end_work(fs, fail(-EINTR, "interrupted"));
	cancel_after(0);
	if (r == -EINTR || r == -ENOMEM || trouble() < 0)
		return r;
	if (r < 0)
		put_reason(&sb);
	if (sb.error == -EFBIG)
		mark_truncated(&sb);
	if (sb.error)
		return fail(sb.error, "text of %zu bytes", sb.len);
	whole = r >= 0 && !has_marks(&sb);
	if (render->stable)
		stabilise(render->k, &sb);
	if (!render->verbatim)
		strbuf_escape_controls(&sb);
	if (sb.error)
		return fail(sb.error, "text of %zu bytes", sb.len);
	data = strbuf_steal(&sb, &len);
	fitting = data ? realloc(data, len + 1) : NULL;
	*ret = raw_of_text(fitting ? fitting : data, len);
	ret->partial = !whole;
	ret->late = r == -ETIMEDOUT;
	return 0;
}

/* What makes the text of a file, or the target of a link. */
static text_fn *text_of(const struct node *n)
{
	return n->item ? n->entry->walker->text : n->entry->rule->text;
}

static int open_raw(struct render *render, raw_fn *open, struct raw *ret)
{
	int r;

	trouble_begin();
	r = open(render, ret);
	if (r >= 0 && trouble() < 0) {
		raw_close(ret);
		r = trouble();
	}
	return r;
}

struct opening {
	struct fs *fs;
	struct node *node;
};

static int open_content(void *arg, struct raw *ret)
{
	const struct opening *o = arg;
	struct render render = render_of(o->fs, o->node, NULL);
	enum rule_kind kind = node_kind(o->node);

	if (kind == RULE_RAW || kind == RULE_WINDOW)
		return open_raw(&render, o->node->entry->rule->raw, ret);
	return open_text(o->fs, &render, text_of(o->node), ret);
}

int fs_pin(struct fs *fs, struct node *n, const struct raw **ret)
{
	struct opening o = { fs, n };
	const struct raw *raw;
	int r = content_get(fs->contents, &n->content, open_content, &o, &raw);

	if (r < 0)
		return within(r, "%s", n->item ? n->name : n->entry->rule->path);
	/* The kernel counts on the size that it was told. */
	if (raw->late && node_is_sized(n)) {
		fs_unpin_last(fs, n);
		return fail(-ETIMEDOUT, "stopped after %u s", fs->seconds);
	}
	if (!raw->late)
		node_set_size(n, raw->size, raw->stored);
	*ret = raw;
	return 0;
}

void fs_unpin(struct fs *fs, struct node *n)
{
	content_put(fs->contents, &n->content);
}

void fs_unpin_last(struct fs *fs, struct node *n)
{
	content_put_last(fs->contents, &n->content);
}

/* As a text, a link tells what kept it from being made; then it dangles. The kernel keeps what it is told, so
 * one that was stopped is an error. */
int fs_readlink(struct fs *fs, struct node *n, struct strbuf *out)
{
	struct render render = render_of(fs, n, out);
	int r;

	begin_work(fs);
	r = end_work(fs, text_of(n)(&render));
	cancel_after(0);
	if (r == -EINTR || r == -ENOMEM || r == -ETIMEDOUT || trouble() < 0)
		return r;
	if (r == 0 && out->len > TARGET_BYTES)
		r = fail(-ELOOP, "a target of %zu bytes", out->len);
	if (r < 0) {
		out->len = 0;
		put(out, "!! %s", why());
	}
	return out->error;
}

/* Go on with one reference less and one more; at the end, or on failure, none is left but *n's. */
static int go_down(struct fs *fs, struct node **n, const char *name)
{
	struct node *child;
	int r = node_is_dir(*n) ? fs_lookup(fs, *n, name, &child) : -ENOENT;

	if (r < 0)
		return r;
	if (*n != nodes_root(fs->nodes))
		node_unref(fs->nodes, *n, 1);
	*n = child;
	return 0;
}

int fs_behind_path(struct fs *fs, const char *path, link_fn *look, struct stat *ret)
{
	struct node *n = nodes_root(fs->nodes);
	char name[NAMES_LENGTH + 1];
	struct render render;
	int r = 0;

	while (r == 0 && *(path += strspn(path, "/"))) {
		size_t len = strcspn(path, "/");

		if (len > NAMES_LENGTH) {
			r = -ENOENT;
			break;
		}
		memcpy(name, path, len);
		name[len] = 0;
		r = go_down(fs, &n, name);
		path += len;
	}
	if (r == 0 && (n->item || node_is_dir(n) || node_kind(n) != RULE_LINK || fs_is_behind(n)))
		r = -ENOENT;
	if (r == 0) {
		render = render_of(fs, n, NULL);
		r = look(&render, n->entry->rule->text, ret);
	}
	if (n != nodes_root(fs->nodes))
		node_unref(fs->nodes, n, 1);
	return r;
}

int fs_size(struct fs *fs, struct node *n)
{
	const struct raw *raw;
	STRBUF(target);
	int r;

	if (node_is_sized(n))
		return 0;
	if (fs_is_behind(n)) {
		node_set_size(n, 0, 0);
		return 0;
	}
	if (node_kind(n) == RULE_LINK) {
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

bool fs_is_of_problems(const struct fs *fs, const struct node *n)
{
	return !strcmp(n->name, "problems") && n->parent && !strcmp(n->parent->name, "dump") &&
	       n->parent->parent == nodes_root(fs->nodes);
}

struct node *fs_expire_problems(struct fs *fs)
{
	struct node *dir = node_find(fs->nodes, nodes_root(fs->nodes), "dump"), *n = NULL;

	if (dir) {
		n = node_find(fs->nodes, dir, "problems");
		node_unref(fs->nodes, dir, 1);
	}
	if (n) {
		content_expire(fs->contents, &n->content);
		node_forget_size(n);
	}
	return n;
}
