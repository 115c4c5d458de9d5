// confine.h - what the network process gives up for ever, before its first thread and its first socket.
//
// It parses what strangers send, so it is the part that may be taken over. After confine_self it has no
// capabilities, cannot be dumped or traced, gains no rights by exec, reaches no file but those below
// DIR/net (Landlock) and is refused by a system call filter (seccomp):
//   ended by SIGSYS, which the runner counts: exec, fork, ptrace, reading other processes, io_uring,
//     new sockets other than IPv4, IPv6 and netlink, namespaces, mounts, modules, keys, bpf;
//   EPERM, because libraries may try: changing modes and owners, signals to others, ioctls that type
//     into a terminal, memory that becomes executable;
//   ENOSYS: clone3, so that the C library falls back to clone, of which only threads pass.
// TCP and UDP stay allowed. What the kernel cannot give is left out, and said.
// Source: Linux's landlock(7), seccomp(2), capabilities(7).
#ifndef NODE_IO_RUNNER_CONFINE_H
#define NODE_IO_RUNNER_CONFINE_H

#include "proto/member.h"

struct confine_report {
    // What this process could do on its own. Where it shares the runner's uid the whole is partly at
    // most: the smaller of this and FRAME_HELLO's `confined` is what members show.
    enum member_confined confined;
    char lacks[256]; // "": nothing; else what the kernel could not give, for a person
};

// `net_directory` is DIR/net. Cannot be undone. Must run while the process has one thread.
void confine_self(int net_directory, struct confine_report *ret_report);

#endif
