#include "tests/unit/unit.h"

#include <errno.h>

#include "fs/tree.h"

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

static const struct walker walker;
static const struct lister lister = { .list = no_list };

#define TEXT_RULE(p)                                                          \
	{                                                                     \
		.kind = RULE_TEXT, .path = p, .help = "help", .text = no_text \
	}
#define LINK_RULE(p)                                                          \
	{                                                                     \
		.kind = RULE_LINK, .path = p, .help = "help", .text = no_text \
	}
#define WALK_RULE(p)                                                            \
	{                                                                       \
		.kind = RULE_WALK, .path = p, .help = "help", .walker = &walker \
	}
#define LIST_RULE(p)                                                            \
	{                                                                       \
		.kind = RULE_LIST, .path = p, .help = "help", .lister = &lister \
	}

static void the_table_is_sound(void **state)
{
	const struct rule *rules;
	struct tree *t;
	size_t n;

	(void)state;
	rules = tree_rules(&n);
	assert_ok(tree_compile(rules, n, &t));
	for (size_t i = 0; i < n; i++)
		assert_true(rules[i].text || rules[i].raw || rules[i].lister || rules[i].walker);
	tree_free(t);
}

static void finds_what_the_table_says(void **state)
{
	static const struct rule rules[] = {
		TEXT_RULE("/b"),
		LIST_RULE("/tasks/{task}"),
		TEXT_RULE("/tasks/{task}/comm"),
		LIST_RULE("/tasks/{task}/fd/{fd}"),
		LINK_RULE("/tasks/{task}/fd/{fd}"),
		TEXT_RULE("/tasks/count"),
		TEXT_RULE("/a"),
	};
	const struct entry *root, *tasks, *task, *fd;
	struct tree *t;

	(void)state;
	assert_ok(tree_compile(rules, ARRAY_SIZE(rules), &t));
	root = tree_root(t);
	assert_true(entry_is_dir(root));
	assert_ptr_equal(entry_child(root, "b")->rule, &rules[0]);
	assert_null(entry_child(root, "tas"));
	assert_null(entry_child(root, "taskss"));
	assert_null(entry_child(root, ""));

	/* The order of the table, not of names. */
	assert_ptr_equal(root->children, entry_child(root, "b"));
	assert_ptr_equal(root->children->next, entry_child(root, "tasks"));
	assert_ptr_equal(root->children->next->next, entry_child(root, "a"));

	tasks = entry_child(root, "tasks");
	assert_true(entry_is_dir(tasks));
	assert_int_equal(tasks->depth, 0);
	assert_non_null(entry_child(tasks, "count"));
	assert_null(entry_child(tasks, "{task}"));
	task = tasks->pattern;
	assert_true(entry_is_dir(task));
	assert_ptr_equal(task->lister, &lister);
	assert_int_equal(task->depth, 1);
	assert_int_equal(entry_child(task, "comm")->depth, 1);
	fd = entry_child(task, "fd")->pattern;
	assert_int_equal(fd->depth, 2);
	assert_false(entry_is_dir(fd));
	assert_int_equal(fd->rule->kind, RULE_LINK);
	tree_free(t);
}

static void refused(const struct rule *rules, size_t n, const char *text)
{
	struct tree *t;

	assert_fails(tree_compile(rules, n, &t), -EINVAL, text);
}

#define REFUSED(text, ...)                                    \
	do {                                                  \
		const struct rule rules_[] = { __VA_ARGS__ }; \
                                                              \
		refused(rules_, ARRAY_SIZE(rules_), text);    \
	} while (0)

static void refuses_contradictions(void **state)
{
	(void)state;
	REFUSED("there is such a file", TEXT_RULE("/a"), TEXT_RULE("/a"));
	REFUSED("there is such a file", TEXT_RULE("/a/b"), TEXT_RULE("/a"));
	REFUSED("is no directory", TEXT_RULE("/a"), TEXT_RULE("/a/b"));
	REFUSED("no pattern, or listed twice", LIST_RULE("/a"));
	REFUSED("no pattern, or listed twice", LIST_RULE("/{a}"), LIST_RULE("/{a}"));
	REFUSED("nothing lists it", TEXT_RULE("/{a}/b"));
	REFUSED("its walker's", WALK_RULE("/{a}"), TEXT_RULE("/{a}/b"));
	REFUSED("its walker's", TEXT_RULE("/{a}/b"), WALK_RULE("/{a}"));
	REFUSED("no pattern, or listed twice", WALK_RULE("/{a}"), LIST_RULE("/{a}"));
	REFUSED("a second pattern", LIST_RULE("/{a}"), LIST_RULE("/{b}"));
	REFUSED("no path", TEXT_RULE("a"));
	REFUSED("no path", TEXT_RULE("/a//b"));
	REFUSED("no path", TEXT_RULE("/a/"));
	REFUSED("empty path", TEXT_RULE(""));
	REFUSED("no help", { .kind = RULE_TEXT, .path = "/a", .help = "", .text = no_text });
	REFUSED("more than 8 patterns", LIST_RULE("/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}"));
}

UNIT_TESTS(cmocka_unit_test(the_table_is_sound), cmocka_unit_test(finds_what_the_table_says),
	   cmocka_unit_test(refuses_contradictions))
