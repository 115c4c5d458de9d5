// ports.h - remembers which ports a node listened on, for those it leaves to the kernel.
//
// DIR/net/ports holds one address a line, in the order of --listen. It is a hint and no more: a file that is
// missing, damaged or of another order costs a new port.
#ifndef NODE_IO_PORTS_H
#define NODE_IO_PORTS_H

#include "node/io/listen.h"

void ports_load(int directory, struct listen_wish *wish);
// Only where the wish leaves a port to the kernel.
void ports_save(int directory, const struct listen_wish *wish, const struct listen_result *result);

#endif
