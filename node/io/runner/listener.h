// listener.h - the socket of the control API, DIR/control: made by the runner, used by the network process.
//
// It exists and listens before a network process does and while one is restarted, so a client waits
// instead of failing. 0600, whoever runs the agent; the network process may not make such sockets.
#ifndef NODE_IO_RUNNER_LISTENER_H
#define NODE_IO_RUNNER_LISTENER_H

#include "proto/base.h"

// `directory` is DIR, whose lock we hold: what lies there is left from before. A descriptor or -errno.
int listener_open(int directory) WARN_UNUSED;

#endif
