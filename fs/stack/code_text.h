/* Instructions as crash's dis prints them. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/code/disasm.h"

/* "mov    %rsp,%rdi", and to what it refers by symbol. */
void put_insn_text(struct strbuf *out, struct kernel *k, const struct insn *insn);

/* All from @from to @end, below the source lines where those are known. An error when some cannot be
 * read: those before it are written. */
int put_code_range(struct strbuf *out, struct kernel *k, uint64_t from, uint64_t end);

/* Some before and behind @pc, which lies in a function and has "=>"; @signal: see struct frame. */
int put_code_around(struct strbuf *out, struct kernel *k, uint64_t pc, bool signal);
