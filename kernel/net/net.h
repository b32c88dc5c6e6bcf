/* Network namespaces, struct net, and their interfaces. */
#pragma once

#include "kernel/walk/list.h"

#define NET_NAME_LEN 16 /* IFNAMSIZ */

/* That of the machine. */
int net_init(struct kernel *k, uint64_t *ret);

/* The one that @task sees. -ENOENT: it has none any more. */
int net_of_task(struct kernel *k, uint64_t task, uint64_t *ret);

/* Its number, as /proc/<pid>/ns/net shows it. */
int net_inum(struct kernel *k, uint64_t net, uint64_t *ret);

/* Begin with the first namespace; list_next() gives their addresses. */
int nets_begin(struct list_walk *w, struct kernel *k);

/* Begin with the first interface; list_next() gives addresses of struct net_device. */
int net_devices_begin(struct list_walk *w, struct kernel *k, uint64_t net);

int net_device_name(struct kernel *k, uint64_t dev, char ret[NET_NAME_LEN + 1]);
