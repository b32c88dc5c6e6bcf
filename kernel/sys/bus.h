/* The driver core: classes and buses, and the devices of a bus. */
#pragma once

#include "kernel/walk/list.h"

/* The struct subsys_private of the class whose symbol this is. -ENOENT: there is none. */
int class_subsys(struct kernel *k, const char *symbol, uint64_t *ret);

/* The devices of the bus_type whose symbol this is, in the order in which they came. -ENOENT: no such bus. */
int bus_devices_begin(struct list_walk *w, struct kernel *k, const char *symbol);

/* 1: *ret is the next struct device; 0: the end; else as list_next(). */
int bus_devices_next(struct list_walk *w, uint64_t *ret);
