/* Links into /objects, and memory by address: /memory/virtual. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dump/base/err.h"
#include "dump/base/limits.h"
#include "fs/task/task_key.h"
#include "kernel/cpu/cpu.h"
#include "kernel/fields.h"
#include "kernel/file/files.h"
#include "kernel/object/expression.h"
#include "kernel/object/object.h"
#include "kernel/mem/space.h"
#include "kernel/net/sock.h"
#include "kernel/object/variable.h"

static int put_link(struct render *r, const struct object *o)
{
	STRBUF(name);
	int e = put_object_name(&name, o);

	if (e < 0)
		return e;
	put_way_up(r);
	put_str(r->out, "objects/");
	put_bytes(r->out, name.data, name.len);
	return 0;
}

static int put_link_to(struct render *r, const char *type, uint64_t addr)
{
	struct object o = { .addr = addr };
	int e = object_type(r->k, type, strlen(type), &o.type);

	return e < 0 ? e : put_link(r, &o);
}

int gen_task_object(struct render *r)
{
	return put_link_to(r, "task_struct", key_task(r));
}

int gen_module_object(struct render *r)
{
	return put_link_to(r, "module", r->key[0].id);
}

/* The id of the last key is the descriptor. */
static int open_file(struct render *r, uint64_t *ret)
{
	struct open_file f;
	int e = files_find(r->k, key_task_above(r, 1), r->key[key_count(r) - 1].id, &f);

	*ret = f.file;
	return e;
}

int gen_open_object(struct render *r)
{
	uint64_t file;
	int e = open_file(r, &file);

	return e < 0 ? e : put_link_to(r, "file", file);
}

/* -ENOENT: the file is no socket. */
static int open_socket(struct render *r, uint64_t *ret)
{
	uint64_t file, inode, mode;
	int e = open_file(r, &file);

	if (e >= 0)
		e = field_u64(r->k, file, F_file_inode, &inode);
	if (e >= 0)
		e = field_u64(r->k, inode, F_inode_mode, &mode);
	if (e >= 0 && mode >> 12 != S_IFSOCK >> 12)
		e = fail(-ENOENT, "no socket");
	if (e >= 0)
		e = field_u64(r->k, file, F_file_private_data, ret);
	if (e >= 0 && !*ret)
		e = fail(-ENOENT, "no socket any more");
	return e;
}

int gen_open_socket(struct render *r)
{
	uint64_t socket;
	int e = open_socket(r, &socket);

	return e < 0 ? e : put_link_to(r, "socket", socket);
}

/* As the structure of its protocol, of which it is the beginning, when its type is known. */
int gen_open_sock(struct render *r)
{
	uint64_t socket, sk;
	const char *type;
	int e = open_socket(r, &socket);

	if (e >= 0)
		e = field_u64(r->k, socket, F_socket_sk, &sk);
	if (e >= 0 && !sk)
		e = fail(-ENOENT, "it was closed");
	if (e >= 0)
		e = sock_struct(r->k, sk, &type);
	if (e < 0)
		return e;
	e = put_link_to(r, type, sk);
	return e == -ENOENT ? put_link_to(r, "sock", sk) : e;
}

int gen_mount_object(struct render *r)
{
	return put_link_to(r, "mount", r->key[key_count(r) - 1].id);
}

/* One that is no structure is more easily read in its value. @per_cpu: which kind of variable is meant. */
static int symbol_object(struct render *r, bool per_cpu, struct object *ret)
{
	struct symbol s;
	struct variable v;
	int e = symbol_get(r->k, r->key[0].id, &s);

	if (e < 0)
		return e;
	if (!symbol_is_variable(r->k, &s) || symbol_is_per_cpu(r->k, &s) != per_cpu)
		return fail(-ENOENT, "no such variable");
	e = variable_describe(r->k, &s, &v);
	if (e < 0)
		return e;
	*ret = (struct object){ .type = v.type, .addr = s.addr };
	if (!v.type || object_kind(ret) != OBJECT_AGGREGATE)
		return fail(-ENOENT, "no structure of a known type");
	return 0;
}

int gen_symbol_object(struct render *r)
{
	struct object o;
	int e = symbol_object(r, false, &o);

	return e < 0 ? e : put_link(r, &o);
}

/* "object:0" and so on of a per-CPU variable. */
static int add_cpu_objects(struct render *r, struct names *names)
{
	const struct cpus *cpus;
	struct object o;
	char name[32];
	int e = symbol_object(r, true, &o);

	if (e >= 0)
		e = cpus_get(r->k, &cpus);
	for (size_t cpu = 0; e >= 0 && cpu < cpus->nr; cpu++) {
		if (!cpu_is_in(&cpus->possible, cpu))
			continue;
		snprintf(name, sizeof(name), "object:%zu", cpu);
		names_add(names, name, cpu);
	}
	return e == -EINTR || e == -ENOMEM ? e : 0;
}

const struct lister list_symbol_cpus = { .list = add_cpu_objects };

int gen_symbol_cpu_object(struct render *r)
{
	struct object o;
	int e = symbol_object(r, true, &o);

	if (e >= 0)
		e = percpu_addr(r->k, o.addr, r->key[1].id, &o.addr);
	return e < 0 ? e : put_link(r, &o);
}

/* "ADDRESS+LENGTH", the latter in decimal, or in hexadecimal with 0x. */
static int parse_range(struct kernel *k, const char *name, uint64_t *ret_va, uint64_t *ret_len)
{
	const char *plus = strrchr(name, '+');
	char text[LIMIT_SYMBOL_NAME];
	struct expression x;
	char *end;
	int r;

	if (!plus || (size_t)(plus - name) >= sizeof(text) || !isdigit((unsigned char)plus[1]))
		return fail(-ENOENT, "%s: not ADDRESS+LENGTH", name);
	memcpy(text, name, (size_t)(plus - name));
	text[plus - name] = 0;
	errno = 0;
	*ret_len = strtoull(plus + 1, &end, plus[1] == '0' && (plus[2] | 32) == 'x' ? 16 : 10);
	if (errno || *end || !*ret_len || *ret_len > INT64_MAX)
		return fail(-ENOENT, "%s: no length", plus + 1);
	r = expression_parse(k, text, &x);
	if (r == -EINTR || r == -ENOMEM)
		return r;
	if (r < 0 || x.physical || x.addr + *ret_len - 1 < x.addr)
		return fail(-ENOENT, "%s: no range of virtual addresses", name);
	*ret_va = x.addr;
	return 0;
}

static int find_range(struct render *r, const char *name, uint64_t *ret)
{
	uint64_t va, len;

	*ret = 0;
	return parse_range(r->k, name, &va, &len);
}

const struct lister list_virtual = { .lookup = find_range };

struct range {
	struct kernel *k;
	uint64_t va;
};

static int range_read(const struct raw *raw, uint64_t off, void *buf, size_t len)
{
	const struct range *g = raw->priv;

	return kernel_read(g->k, g->va + off, buf, len);
}

static void range_close(struct raw *raw)
{
	free(raw->priv);
}

static const struct raw_ops range_ops = { .read = range_read, .close = range_close };

int raw_virtual(struct render *r, struct raw *ret)
{
	struct range *g = malloc(sizeof(*g));
	uint64_t len;
	int e;

	if (!g)
		return fail(-ENOMEM, "range of memory");
	g->k = r->k;
	e = parse_range(r->k, r->key[0].name, &g->va, &len);
	if (e < 0) {
		free(g);
		return e;
	}
	*ret = (struct raw){
		.ops = &range_ops, .size = len, .stored = len, .weight = sizeof(*g), .priv = g
	};
	return 0;
}
