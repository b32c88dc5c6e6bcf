/* Slots in shared memory, the facts in them, and all of it as JSON. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "load.h"

#define MAX_SLOTS 400

struct table {
	unsigned int count;
	struct slot slots[MAX_SLOTS];
};

static struct table *table;

void slots_init(void)
{
	table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (table == MAP_FAILED)
		die("no memory for slots");
}

struct slot *slot_new(const char *name)
{
	unsigned int i = __atomic_fetch_add(&table->count, 1, __ATOMIC_SEQ_CST);

	if (i >= MAX_SLOTS)
		die("more than %d slots", MAX_SLOTS);
	snprintf(table->slots[i].name, sizeof(table->slots[i].name), "%s", name);
	return &table->slots[i];
}

struct slot *slot_get(size_t i)
{
	return i < __atomic_load_n(&table->count, __ATOMIC_SEQ_CST) ? &table->slots[i] : NULL;
}

struct slot *slot_find(const char *name)
{
	struct slot *slot;

	for (size_t i = 0; (slot = slot_get(i)); i++)
		if (!strcmp(slot->name, name))
			return slot;
	return NULL;
}

static void set_phase(struct slot *slot, enum phase phase)
{
	__atomic_store_n(&slot->phase, phase, __ATOMIC_SEQ_CST);
}

/* The caller's numbers as the first pid namespace has them, whose procfs this is; as the caller
 * has them where no procfs is in sight. /proc/thread-self is of v3.17.
 */
static void name_task(struct slot *slot)
{
	char text[64] = "";

	slot->pid = getpid();
	slot->tid = syscall(SYS_gettid);
	if (readlink("/proc/thread-self", text, sizeof(text) - 1) > 0)
		sscanf(text, "%d/task/%d", &slot->pid, &slot->tid);
	else if (slot->pid == slot->tid && readlink("/proc/self", text, sizeof(text) - 1) > 0)
		slot->pid = slot->tid = atoi(text);
}

void ready(struct slot *slot, char state, long syscall_nr)
{
	name_task(slot);
	slot->state = state;
	slot->syscall = syscall_nr;
	set_phase(slot, SLOT_READY);
}

static void note(struct slot *slot, const char *what)
{
	snprintf(slot->why, sizeof(slot->why), "%s: %s", what, strerror(errno));
}

void absent(struct slot *slot, const char *what)
{
	note(slot, what);
	set_phase(slot, SLOT_ABSENT);
}

void broken(struct slot *slot, const char *what)
{
	note(slot, what);
	set_phase(slot, SLOT_BROKEN);
	_exit(1);
}

/* Bytes as Latin-1: a reader gets them back by encoding the text as Latin-1. */
static size_t json_text(char *out, size_t size, const void *text, size_t len)
{
	const unsigned char *p = text;
	size_t n = 0;

	for (size_t i = 0; i < len && n + 8 < size; i++) {
		if (p[i] < 0x20 || p[i] > 0x7e || p[i] == '"' || p[i] == '\\')
			n += snprintf(out + n, size - n, "\\u%04x", p[i]);
		else
			out[n++] = p[i];
	}
	out[n] = 0;
	return n;
}

static void add(struct slot *slot, const char *key, const char *value, const char *quote)
{
	size_t room = sizeof(slot->facts) - slot->used;
	int n = snprintf(slot->facts + slot->used, room, ", \"%s\": %s%s%s", key, quote, value,
			 quote);

	if (n < 0 || (size_t)n >= room)
		die("%s has too many facts", slot->name);
	slot->used += n;
}

void fact_num(struct slot *slot, const char *key, long long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", value);
	add(slot, key, text, "");
}

void fact_hex(struct slot *slot, const char *key, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
	add(slot, key, text, "\"");
}

void fact_text(struct slot *slot, const char *key, const void *text, size_t len)
{
	char value[2048];

	json_text(value, sizeof(value), text, len);
	add(slot, key, value, "\"");
}

void fact_str(struct slot *slot, const char *key, const char *text)
{
	fact_text(slot, key, text, strlen(text));
}

/* What this kernel lacks: "absent KEY" with the reason. */
void fact_errno(struct slot *slot, const char *key)
{
	char name[64];
	const char *why = strerror(errno);

	snprintf(name, sizeof(name), "absent %s", key);
	fact_str(slot, name, why);
}

static size_t slot_json(const struct slot *slot, char *buf, size_t size)
{
	char name[256], why[1024];

	json_text(name, sizeof(name), slot->name, strlen(slot->name));
	json_text(why, sizeof(why), slot->why, strlen(slot->why));
	if (slot->phase != SLOT_READY)
		return snprintf(buf, size, "  \"%s\": {\"absent\": \"%s\"}", name, why);
	return snprintf(
		buf, size,
		"  \"%s\": {\"pid\": %d, \"tid\": %d, \"state\": \"%c\", \"syscall\": %ld%s}", name,
		slot->pid, slot->tid, slot->state, slot->syscall, slot->facts);
}

/* Returns the length; size must do for all slots. */
size_t slots_json(char *buf, size_t size)
{
	struct slot *slot;
	size_t n = snprintf(buf, size, "{\n");

	for (size_t i = 0; (slot = slot_get(i)) && n < size; i++) {
		n += snprintf(buf + n, size - n, "%s", i ? ",\n" : "");
		n += slot_json(slot, buf + n, size - n);
	}
	if (n + 4 > size)
		die("load.json is too small");
	return n + snprintf(buf + n, size - n, "\n}\n");
}
