// support_runner.h - the real runner in a process of its own, and the test in the place of its network
// process.
//
// The runner starts this very test program as its network process; that one only hands its end of the
// socket over to the test (support_runner_relay) and waits to be killed. So the test speaks frames as a
// network process that is somebody else's would, and nothing of the runner is replaced.
#ifndef TESTS_UNIT_SUPPORT_RUNNER_H
#define TESTS_UNIT_SUPPORT_RUNNER_H

#include <sys/types.h>

#include "node/io/runner/link.h"
#include "tests/unit/support_dir.h"
#include "tests/unit/support_trust.h"

enum { SUPPORT_RUNNER_NODE = SUPPORT_NODE }; // seed of the node's key

struct support_runner {
    char top[SUPPORT_DIR_ROOM];
    char directory[SUPPORT_DIR_ROOM + 16];
    char policy[SUPPORT_DIR_ROOM + 16]; // file of --policy; empty unless the test writes it
    struct support_trust trust;
    struct envelope_signer alice, bob, node;
    struct node_id self;
    char user[NAME_ROOM]; // ourselves
    int listener;         // where relays come in
    int relay;            // the present one: closing it ends that network process
    pid_t pid;            // of the runner; 0: none
    struct link link;
    struct link_delivery got; // what support_runner_wait found
    uint64_t generation;
};

// In main(): true when this process is to be a network process; it has been one when this returns.
bool support_runner_relay(int argc, char **argv);

// A fleet with operators Alice and Bob (all rights) and the node "nas" with labels role=storage, DIR made
// as `init` makes it, the runner started and connected.
void support_runner_init(struct support_runner *runner);
void support_runner_deinit(struct support_runner *runner); // kills what still runs, removes DIR

// Before and after each test: `*state` is such a runner.
int support_runner_set_up(void **state);
int support_runner_tear_down(void **state);

void support_runner_start(struct support_runner *runner);      // on the same DIR
void support_runner_connect(struct support_runner *runner);    // takes the next network process's socket
void support_runner_disconnect(struct support_runner *runner); // that network process dies
void support_runner_exit(struct support_runner *runner, uint8_t status); // with that exit status
int support_runner_stop(struct support_runner *runner, int signal);      // and waits; returns its wait status

void support_runner_send(struct support_runner *runner, const struct frame *frame);
// Waits for a frame of one of the kinds (bits 1 << kind), passing over others; fails after 20 s. It is in
// runner->got; descriptors are closed by the next wait.
const struct frame *support_runner_wait(struct support_runner *runner, unsigned kinds);
// Sends a heartbeat and waits for the answer that shows everything before it was handled: true when a
// frame of these kinds came meanwhile.
bool support_runner_came(struct support_runner *runner, unsigned kinds);

// Feeds a record and returns whether it was accepted; runner->got has the reason.
bool support_runner_feed(struct support_runner *runner, struct bytes envelope);
// Signs with `signer` and feeds. Returns the record id; the outcome is in runner->got.
struct hash support_runner_define(struct support_runner *runner, const struct envelope_signer *signer,
                                  const struct definition *definition);

// main/NAME: shell `text` as ourselves, every second, since an hour ago.
struct definition support_runner_definition(const struct support_runner *runner, const char *name,
                                            const char *text);
int64_t support_runner_due(void); // the last full second
struct frame_start support_runner_due_start(const struct support_runner *runner,
                                            const struct hash *definition);
// Sends START, sent now, and waits for STARTED, DENIED, NEED or ENDED.
const struct frame *support_runner_try(struct support_runner *runner, const struct frame_start *start);
// The same, and it must be STARTED.
struct run_id support_runner_run(struct support_runner *runner, const struct frame_start *start);
// All of stdout of the run just STARTED or RUNNING, until it is closed.
struct buffer support_runner_output(struct support_runner *runner);
void support_runner_acknowledge(struct support_runner *runner, const struct run_id *run);

#endif
