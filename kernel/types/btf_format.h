/* The kinds of BTF, as Documentation/bpf/btf.rst numbers them. */
#pragma once

#define BTF_MAGIC	0xeb9f
#define BTF_HEADER_MIN	24
#define BTF_TYPE_SIZE	12
#define BTF_LAYOUT_SIZE 4

enum btf_kind {
	BTF_INT = 1,
	BTF_PTR,
	BTF_ARRAY,
	BTF_STRUCT,
	BTF_UNION,
	BTF_ENUM,
	BTF_FWD,
	BTF_TYPEDEF,
	BTF_VOLATILE,
	BTF_CONST,
	BTF_RESTRICT,
	BTF_FUNC,
	BTF_FUNC_PROTO,
	BTF_VAR,
	BTF_DATASEC,
	BTF_FLOAT,
	BTF_DECL_TAG,
	BTF_TYPE_TAG,
	BTF_ENUM64,
	BTF_KINDS
};

/* How an integer is to be read, in the word behind BTF_INT. */
#define BTF_INT_SIGNED (1u << 24)
#define BTF_INT_CHAR   (1u << 25)
#define BTF_INT_BOOL   (1u << 26)
