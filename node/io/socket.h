// socket.h - between our addresses and the system's.
#ifndef NODE_IO_SOCKET_H
#define NODE_IO_SOCKET_H

#include <sys/socket.h>

#include "proto/member.h"

void socket_from_address(const struct address *address, struct sockaddr_storage *ret_system);
// False for anything but IPv4 and IPv6. An IPv4 address mapped into IPv6 becomes IPv4.
bool socket_to_address(const struct sockaddr *system, struct address *ret_address) WARN_UNUSED;
bool socket_is_wildcard(const struct address *address); // 0.0.0.0 or ::
bool socket_is_local(const struct address *address);    // loopback or link-local: no use to other machines

#endif
