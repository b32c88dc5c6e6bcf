/* What a socket is connected to: struct socket, and the sock of its family. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

/* Append protocol, addresses and state of the struct socket at @socket: "TCP 10.0.0.1:22 10.0.0.2:4711
 * ESTABLISHED", "UNIX STREAM /run/x.sock LISTEN". What has no address of a known form is named only. */
int put_socket(struct strbuf *out, struct kernel *k, uint64_t socket);

/* Append the address at @addr, of Linux's number of a @family: "10.0.0.1", "[::1]". */
int put_inet_address(struct strbuf *out, struct kernel *k, uint64_t family, uint64_t addr);

/* Append the name that the unix_sock at @sk is bound to: a path or, after a NUL, which shows as @, any
 * bytes; nothing, when it has none. */
int put_unix_name(struct strbuf *out, struct kernel *k, uint64_t sk);

/* The structure that the struct sock at @sk is the beginning of: "tcp_sock"; "sock" where the family is not
 * known here. */
int sock_struct(struct kernel *k, uint64_t sk, const char **ret);
