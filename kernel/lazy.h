/* A fact established on first need, once, by whichever thread asks first. A failure is remembered
 * with its text, for the dump does not change; giving up and lack of memory are not. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct lazy {
	pthread_mutex_t lock;
	atomic_bool done; /* what follows stands for good */
	int error;
	char why[256];
};

void lazy_init(struct lazy *l);
void lazy_fini(struct lazy *l);

/* Run make(arg) unless it was; returns what it returned. Once it was made this takes no lock. */
int lazy_get(struct lazy *l, int (*make)(void *arg), void *arg);
