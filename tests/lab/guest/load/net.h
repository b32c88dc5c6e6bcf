#pragma once
/* Making sockets, with -1 and errno on failure. A unix name that starts with @ is abstract. */
#include <stdint.h>

int inet_bind(const char *address, uint16_t port, int type, int protocol);
int tcp_listen(const char *address, uint16_t port);
int tcp_pair(const char *address, uint16_t port, int *ret_ends);
int unix_bind(const char *name, int type);
int unix_connect(const char *name, int type);
