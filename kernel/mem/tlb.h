/* Translations of one address space, remembered: bounded, and free of locks. A slot holds its value
 * and that value combined with its key, so that halves written by two threads do not match. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct tlb;

/* NULL: no memory. */
struct tlb *tlb_new(void);
void tlb_free(struct tlb *t);

/* The physical address of @va and how many bytes from there on lie in the same page. */
bool tlb_find(struct tlb *t, uint64_t va, uint64_t *ret, uint64_t *ret_left);

/* @va is at @pa, in a page of 2^@shift bytes. */
void tlb_add(struct tlb *t, uint64_t va, uint64_t pa, uint8_t shift);
