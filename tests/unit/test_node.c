#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "fs/node.h"

static int no_text(struct render *r)
{
	(void)r;
	return 0;
}

static int no_list(struct render *r, struct names *names)
{
	(void)r, (void)names;
	return 0;
}

static const struct lister lister = { .list = no_list };

static int find_any(struct render *r, const char *name, uint64_t *ret)
{
	(void)r, (void)name;
	*ret = 0;
	return 0;
}

static const struct lister finder = { .lookup = find_any };

static const struct rule rules[] = {
	{ .kind = RULE_LIST, .path = "/found/{name}", .help = "h", .lister = &finder },
	{ .kind = RULE_TEXT, .path = "/found/{name}/text", .help = "h", .text = no_text },
	{ .kind = RULE_LIST, .path = "/tasks/{task}", .help = "h", .lister = &lister },
	{ .kind = RULE_LIST, .path = "/tasks/{task}/fd/{fd}", .help = "h", .lister = &lister },
	{ .kind = RULE_TEXT, .path = "/tasks/{task}/fd/{fd}/pos", .help = "h", .text = no_text },
};

struct fixture {
	struct tree *tree;
	struct contents *contents;
	struct nodes *nodes;
	struct node *tasks; /* held */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const struct entry *root;

	assert_non_null(f);
	assert_ok(tree_compile(rules, ARRAY_SIZE(rules), &f->tree));
	assert_ok(contents_new(1 << 20, &f->contents));
	root = tree_root(f->tree);
	assert_ok(nodes_new(root, f->contents, &f->nodes));
	assert_ok(node_intern(f->nodes, nodes_root(f->nodes), entry_child(root, "tasks"), "tasks",
			      0, &f->tasks));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	nodes_free(f->nodes);
	contents_free(f->contents);
	tree_free(f->tree);
	free(f);
	return 0;
}

static struct node *task(struct fixture *f, uint64_t pid)
{
	char name[24];
	struct node *n;

	snprintf(name, sizeof(name), "%lu", pid);
	assert_ok(node_intern(f->nodes, f->tasks, f->tasks->entry->pattern, name, pid, &n));
	return n;
}

static void one_node_for_a_name(void **state)
{
	struct fixture *f = *state;
	struct node *one = task(f, 1), *again = task(f, 1), *other = task(f, 2);

	assert_ptr_equal(one, again);
	assert_ptr_not_equal(one, other);
	assert_int_equal(one->ino, node_child_ino(f->tasks, "1"));
	assert_true(one->ino != other->ino && one->ino > 1);
	assert_ptr_equal(node_find(f->nodes, f->tasks, "1"), one);
	assert_null(node_find(f->nodes, f->tasks, "3"));
	assert_null(node_find(f->nodes, nodes_root(f->nodes), "1"));

	node_unref(f->nodes, other, 1);
	assert_null(node_find(f->nodes, f->tasks, "2"));
	node_unref(f->nodes, one, 2);
	assert_ptr_equal(node_find(f->nodes, f->tasks, "1"), one);
	node_unref(f->nodes, one, 2);
	assert_null(node_find(f->nodes, f->tasks, "1"));
}

static void keys_and_parents(void **state)
{
	struct fixture *f = *state;
	struct key keys[KEYS_MAX] = { { 0 } };
	struct node *t = task(f, 42), *fds, *fd, *pos;

	assert_ok(node_intern(f->nodes, t, entry_child(t->entry, "fd"), "fd", 0, &fds));
	assert_ok(node_intern(f->nodes, fds, fds->entry->pattern, "three", 3, &fd));
	assert_ok(node_intern(f->nodes, fd, entry_child(fd->entry, "pos"), "pos", 0, &pos));
	/* The kernel forgets in any order: a child keeps its parents. */
	node_unref(f->nodes, fd, 1);
	node_unref(f->nodes, t, 1);
	node_unref(f->nodes, fds, 1);
	assert_int_equal(nodes_count(f->nodes), 5);
	node_keys(pos, keys);
	assert_int_equal(keys[0].id, 42);
	assert_string_equal(keys[0].name, "42");
	assert_int_equal(keys[1].id, 3);
	assert_string_equal(keys[1].name, "three");
	node_unref(f->nodes, pos, 1);
	assert_int_equal(nodes_count(f->nodes), 1);
}

static void too_many_forgets_do_no_harm(void **state)
{
	struct fixture *f = *state;
	struct node *n = task(f, 1);

	node_unref(f->nodes, n, 1000);
	node_unref(f->nodes, nodes_root(f->nodes), 1000);
	assert_int_equal(nodes_count(f->nodes), 1);
}

static void many(void **state)
{
	enum { COUNT = 300000 };
	struct fixture *f = *state;
	struct node **nodes = calloc(COUNT, sizeof(*nodes));

	assert_non_null(nodes);
	for (size_t i = 0; i < COUNT; i++)
		nodes[i] = task(f, i);
	assert_int_equal(nodes_count(f->nodes), COUNT + 1);
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(nodes[i]->key.id, i);
	for (size_t i = 0; i < COUNT; i += 2)
		node_unref(f->nodes, nodes[i], 1);
	for (size_t i = 1; i < COUNT; i += 2)
		assert_ptr_equal(task(f, i), nodes[i]);
	for (size_t i = 1; i < COUNT; i += 2)
		node_unref(f->nodes, nodes[i], 2);
	assert_int_equal(nodes_count(f->nodes), 1);
	free(nodes);
}

static void sizes(void **state)
{
	struct fixture *f = *state;
	struct node *n = task(f, 1);

	assert_false(node_is_sized(n));
	node_set_size(n, 0, 0);
	assert_true(node_is_sized(n));
}

static void *look_up_and_forget(void *arg)
{
	struct fixture *f = arg;
	unsigned seed = (unsigned)(uintptr_t)&seed;

	for (int i = 0; i < 20000; i++) {
		uint64_t pid = (uint64_t)rand_r(&seed) % 50;
		struct node *n = task(f, pid);

		assert_int_equal(n->key.id, pid);
		node_set_size(n, pid, pid);
		node_unref(f->nodes, n, 1);
	}
	return NULL;
}

static void threads(void **state)
{
	struct fixture *f = *state;
	pthread_t t[8];

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, look_up_and_forget, f), 0);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		pthread_join(t[i], NULL);
	assert_int_equal(nodes_count(f->nodes), 1);
}

/* What is found by name alone is told apart, with the directory that has most of it. */
static void queries(void **state)
{
	struct fixture *f = *state;
	const struct entry *entry = entry_child(tree_root(f->tree), "found");
	struct node *found, *of[3], *text;

	assert_ok(node_intern(f->nodes, nodes_root(f->nodes), entry, "found", 0, &found));
	task(f, 1);
	assert_int_equal(nodes_queries(f->nodes), 0);
	assert_null(nodes_fullest(f->nodes));
	for (size_t i = 0; i < 3; i++) {
		const char name[] = { (char)('a' + i), 0 };

		assert_ok(node_intern(f->nodes, found, entry->pattern, name, 0, &of[i]));
	}
	assert_ok(
		node_intern(f->nodes, of[0], entry_child(of[0]->entry, "text"), "text", 0, &text));
	assert_int_equal(nodes_queries(f->nodes), 4);
	assert_ptr_equal(nodes_fullest(f->nodes), found);
	/* It is held, whatever is forgotten. */
	node_unref(f->nodes, of[0], 1);
	assert_int_equal(nodes_queries(f->nodes), 4);
	node_unref(f->nodes, text, 1);
	assert_int_equal(nodes_queries(f->nodes), 2);
	node_unref(f->nodes, of[1], 1);
	node_unref(f->nodes, of[2], 1);
	assert_int_equal(nodes_queries(f->nodes), 0);
	assert_null(nodes_fullest(f->nodes));
	node_unref(f->nodes, found, 2);
}

/* Of two such directories the fuller one; asked for once, until there are half as many more. */
static void when_to_forget(void **state)
{
	struct fixture *f = *state;
	const struct entry *root = tree_root(f->tree), *found = entry_child(root, "found");
	struct node *dirs[2], *n;
	char name[16];

	assert_ok(node_intern(f->nodes, nodes_root(f->nodes), found, "found", 0, &dirs[0]));
	assert_ok(node_intern(f->nodes, nodes_root(f->nodes), found, "more", 0, &dirs[1]));
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%d", i);
		assert_int_equal(nodes_forget_due(f->nodes, 40), i == 41 || i == 62 || i == 83);
		assert_ok(node_intern(f->nodes, dirs[i % 3 == 0], found->pattern, name, 0, &n));
	}
	assert_ptr_equal(nodes_fullest(f->nodes), dirs[0]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

UNIT_TESTS(TEST(one_node_for_a_name), TEST(keys_and_parents), TEST(too_many_forgets_do_no_harm),
	   TEST(many), TEST(sizes), TEST(threads), TEST(queries), TEST(when_to_forget))
