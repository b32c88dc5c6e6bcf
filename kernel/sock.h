/* What a socket is connected to: struct socket, and the sock of its family. */
#pragma once

#include "dump/base/strbuf.h"
#include "kernel/kernel.h"

/* Append protocol, addresses and state of the struct socket at @socket: "TCP 10.0.0.1:22 10.0.0.2:4711
 * ESTABLISHED", "UNIX STREAM /run/x.sock LISTEN". What has no address of a known form is named only. */
int put_socket(struct strbuf *out, struct kernel *k, uint64_t socket);
