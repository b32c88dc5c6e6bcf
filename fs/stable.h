/* A text without what changes from one boot to the next: an address becomes the symbol that is there, or
 * the slab cache that it is of and a number, in the order of the text, or its kind in angle brackets. It knows no file's form: whoever
 * writes times or process ids leaves them out itself. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

/* Rewrite @text. Its error is set when there is no memory. */
void stabilise(struct kernel *k, struct strbuf *text);
