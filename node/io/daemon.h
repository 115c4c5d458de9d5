// daemon.h - the network process: builds the rooms of the shell around the core, runs the loop, closes
// in order.
//
// The runner starts it (node/io/runner/child.h) in DIR/net with three descriptors; options follow the
// name of the process:
//   --listen ADDR:PORT      repeated; see listen.h
//   --advertise ADDR[:PORT] repeated; numeric
//   --seed ADDR:PORT        repeated; where others may be reached
// It confines itself before its first thread and its first socket. Then: keys, store, import, addresses,
// EVENT_BOOT, what is stored, and only then runner, clients and peers are listened to. It ends when the
// runner closes its socket or sends SIGTERM, and settles what was handed to the store before it does.
#ifndef NODE_IO_DAEMON_H
#define NODE_IO_DAEMON_H

enum { // exit status
    DAEMON_ENDED = 0,
    DAEMON_FAILED = 1,  // something broke; a new start may help
    DAEMON_REFUSED = 3, // said why: a port in use, no keys, a damaged store; a new start changes nothing
    DAEMON_LEFT = 4,    // this node has left its fleet: the agent is to end
};

int daemon_main(int argc, char **argv);

#endif
