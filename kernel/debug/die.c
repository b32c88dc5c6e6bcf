#include "kernel/debug/die.h"

#include <errno.h>

#include <dwarf.h>

#include "dump/base/err.h"

static void take_flag(Dwarf_Attribute *a, bool *ret)
{
	if (dwarf_formflag(a, ret) != 0)
		*ret = false;
}

static void take_number(Dwarf_Attribute *a, uint64_t *ret)
{
	Dwarf_Word v;

	*ret = dwarf_formudata(a, &v) == 0 ? v : 0;
}

static int take_attribute(Dwarf_Attribute *a, void *arg)
{
	struct die *d = arg;

	switch (dwarf_whatattr(a)) {
	case DW_AT_name:
		d->name = dwarf_formstring(a);
		break;
	case DW_AT_byte_size:
		take_number(a, &d->size);
		d->has_size = true;
		break;
	case DW_AT_decl_file:
		take_number(a, &d->file);
		break;
	case DW_AT_decl_line:
		take_number(a, &d->line);
		break;
	case DW_AT_encoding:
		take_number(a, &d->encoding);
		break;
	case DW_AT_declaration:
		take_flag(a, &d->declaration);
		break;
	case DW_AT_external:
		take_flag(a, &d->external);
		break;
	case DW_AT_ranges:
		d->ranges = true;
		break;
	case DW_AT_type:
		d->type = *a;
		break;
	case DW_AT_signature:
		d->signature = *a;
		break;
	case DW_AT_specification:
	case DW_AT_abstract_origin:
		d->origin = *a;
		break;
	case DW_AT_location:
		d->location = *a;
		break;
	case DW_AT_data_member_location:
		d->member = *a;
		break;
	case DW_AT_bit_size:
		take_number(a, &d->bit_size);
		break;
	case DW_AT_bit_offset:
		take_number(a, &d->bit_offset);
		d->has_bit_offset = true;
		break;
	case DW_AT_data_bit_offset:
		take_number(a, &d->data_bit_offset);
		d->has_data_bit_offset = true;
		break;
	case DW_AT_low_pc:
		d->low_pc = *a;
		break;
	default:
		break;
	}
	return DWARF_CB_OK;
}

int die_read(Dwarf_Die *at, struct die *ret)
{
	*ret = (struct die){ .die = *at, .tag = dwarf_tag(at) };
	if (dwarf_getattrs(at, take_attribute, ret, 0) < 0)
		return fail(-EBADMSG, "DIE at %#lx: %s", (unsigned long)dwarf_dieoffset(at),
			    dwarf_errmsg(-1));
	return 0;
}

static bool leads_to(const Dwarf_Attribute *a, Dwarf_Die *ret)
{
	Dwarf_Attribute copy = *a;

	return copy.code && dwarf_formref_die(&copy, ret);
}

bool die_type(const struct die *d, Dwarf_Die *ret)
{
	return leads_to(&d->type, ret);
}

bool die_signed(const struct die *d, Dwarf_Die *ret)
{
	return leads_to(&d->signature, ret);
}

bool die_origin(const struct die *d, Dwarf_Die *ret)
{
	return leads_to(&d->origin, ret);
}

bool die_address(const struct die *d, uint64_t *ret)
{
	Dwarf_Attribute location = d->location, indirect;
	Dwarf_Addr addr;
	Dwarf_Op *op;
	size_t n;

	if (!location.code || dwarf_whatform(&location) == DW_FORM_sec_offset ||
	    dwarf_whatform(&location) == DW_FORM_loclistx)
		return false;
	if (dwarf_getlocation(&location, &op, &n) != 0 || n != 1)
		return false;
	if (op->atom == DW_OP_addr) {
		*ret = op->number;
		return true;
	}
	if (op->atom != DW_OP_addrx && op->atom != DW_OP_GNU_addr_index)
		return false;
	if (dwarf_getlocation_attr(&location, op, &indirect) != 0 ||
	    dwarf_formaddr(&indirect, &addr) != 0)
		return false;
	*ret = addr;
	return true;
}

/* DWARF 2 has an expression that adds a number. */
int die_member_offset(const struct die *d, uint64_t *ret)
{
	Dwarf_Attribute a = d->member;
	Dwarf_Word v;
	Dwarf_Op *op;
	size_t n;

	*ret = 0;
	if (!a.code)
		return 0;
	if (dwarf_formudata(&a, &v) == 0) {
		*ret = v;
		return 0;
	}
	if (dwarf_getlocation(&a, &op, &n) != 0 || n != 1 ||
	    (op->atom != DW_OP_plus_uconst && op->atom != DW_OP_constu))
		return fail(-EBADMSG, "a member lies where an expression says");
	*ret = op->number;
	return 0;
}

int die_next(Dwarf_Die *at)
{
	const char *here = at->addr;
	int r = dwarf_siblingof(at, at);

	if (r > 0)
		return 0;
	if (r < 0)
		return fail(-EBADMSG, "%s", dwarf_errmsg(-1));
	return (const char *)at->addr > here ? 1 : fail(-EBADMSG, "a DIE leads back");
}

bool die_number(Dwarf_Die *at, unsigned int attribute, uint64_t *ret)
{
	Dwarf_Attribute a;
	Dwarf_Word v;

	if (!dwarf_attr(at, attribute, &a) || dwarf_formudata(&a, &v) != 0)
		return false;
	*ret = v;
	return true;
}
