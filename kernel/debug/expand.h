/* The types that DIEs describe, as BTF. Each named type of a scan is there once, as the first unit that
 * defines it has it; what they are made of is expanded from there. */
#pragma once

#include "kernel/debug/idmap.h"
#include "kernel/debug/scan.h"
#include "kernel/types/btf_write.h"

struct expand {
	const struct scan *s;
	Dwarf *dwarf;
	struct btf_writer btf;
	struct idmap by_key;	 /* named types of the scan */
	struct idmap by_name;	 /* complete ones; 0: several have it */
	struct idmap by_address; /* of the DIE, in memory: all others that were expanded */
	struct idmap by_facts;	 /* those of them that have a name */
	const struct unit **by_cu;
	struct first {
		const struct unit *unit;
		uint32_t at;
	} * first; /* where the record of each named type comes from, by id - 1 */
	uint32_t nr_named;
	uint64_t given_back; /* where in the DWARF, */
	bool in_types;	     /* and in which section */
	struct later {
		Dwarf_Die at;
		uint32_t id;
	} * later; /* types that have an id and wait for their record */
	size_t nr_later, room_later;
	char problem[128];
};

/* @dwarf is of the handle that was given to scan(), and as @s must stay. Expands the named types.
 * -EINTR, -ENOMEM, -ELOOP: LIMIT_BTF was hit. */
int expand_begin(struct expand *x, const struct scan *s, Dwarf *dwarf, progress_fn *progress);
void expand_fini(struct expand *x);

/* What is declared at a DIE: its name, "" none, and the id of its type or prototype. */
struct expanded {
	const char *name;
	uint32_t type;
};
int expand_declared(struct expand *x, const struct unit *u, const struct declared *d,
		    struct expanded *ret);
