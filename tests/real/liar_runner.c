// liar_runner.c - a network process in wrong hands, under the real runner on a node's own DIR.
//
// The runner starts /proc/self/exe as its network process, and that is this program.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/io/clock.h"
#include "node/io/runner/child.h"
#include "node/io/runner/runner.h"
#include "tests/real/liar.h"

enum {
    PATIENCE_MS = 20000,
    WAIT_MS = 2500, // for what a START may still become: longer than it stays fresh
};

static void say(struct link *link, const struct frame *frame)
{
    if (link_send(link, frame, NULL, 0) != 0)
        liar_fail("the runner does not listen");
}

// The next frame of one of these kinds; false: none came.
static bool hear(struct link *link, unsigned kinds, uint64_t patience_ms, struct frame *ret_frame)
{
    const struct frame heartbeat = {.kind = FRAME_HEARTBEAT};
    uint64_t until_ms = clock_now_ms() + patience_ms;
    while (clock_now_ms() < until_ms) {
        struct link_delivery delivery;
        struct pollfd ready = {.fd = link->fd, .events = POLLIN};
        if (link_receive(link, &delivery) == 0) {
            for (size_t i = 0; i < delivery.descriptor_count; i++)
                close(delivery.descriptors[i]);
            *ret_frame = delivery.frame;
            if (kinds & 1u << delivery.frame.kind)
                return true;
        } else if (poll(&ready, 1, 500) == 0) {
            say(link, &heartbeat);
        }
    }
    return false;
}

static void feed(struct link *link, const char *path)
{
    struct buffer envelope = {0};
    struct frame answer;
    liar_read(path, &envelope);
    say(link, &(struct frame){.kind = FRAME_RECORD, .data = buffer_view(&envelope)});
    if (!hear(link, 1u << FRAME_FLOOR, PATIENCE_MS, &answer))
        liar_fail("the runner does not judge %s", path);
    printf("record: %s%s\n", answer.ok ? "accepted" : "refused: ", answer.reason);
    buffer_deinit(&envelope);
}

// An answer to this START, and not the end of an older run, which the runner tells until it is acknowledged.
static bool hear_of(struct link *link, const struct frame *start, uint64_t within_ms, struct frame *ret)
{
    const unsigned kinds = 1u << FRAME_STARTED | 1u << FRAME_DENIED | 1u << FRAME_ENDED | 1u << FRAME_NEED;
    uint64_t until_ms = clock_now_ms() + within_ms;
    while (clock_now_ms() < until_ms && hear(link, kinds, within_ms, ret))
        if (ret->kind == FRAME_NEED || hash_equal(&ret->start.definition, &start->start.definition))
            return true;
    return false;
}

static void try(struct link *link, const char *id)
{
    struct frame start = {.kind = FRAME_START, .start = {.cause = FRAME_SCHEDULED, .attempt = 1}}, answer;
    if (!hex_decode(id, start.start.definition.b, HASH_SIZE))
        liar_fail("%s is no record id", id);
    start.start.due_ms = clock_wall_ms() / 1000 * 1000;
    start.start.generation = UINT32_MAX; // of no life of this node
    start.start.sent_boottime_ns = clock_boottime_ns();
    say(link, &start);
    if (!hear_of(link, &start, PATIENCE_MS, &answer))
        liar_fail("the runner does not answer a START");
    bool is_needed = answer.kind == FRAME_NEED;
    if (is_needed && !hear_of(link, &start, WAIT_MS, &answer))
        puts("start: not started, no such definition");
    else if (answer.kind == FRAME_DENIED)
        printf("start: denied by rule %d: %s\n", answer.rule, answer.reason);
    else
        puts("start: started");
}

bool liar_is_network_process(int argc, char **argv)
{
    struct link link;
    if (argc < 2 || strcmp(argv[1], CHILD_ARGUMENT) != 0)
        return false;
    link_init(&link, CHILD_RUNNER_FD);
    say(&link, &(struct frame){.kind = FRAME_HEARTBEAT});
    say(&link, &(struct frame){.kind = FRAME_RESUME, .boottime_ns = clock_boottime_ns()});
    for (int i = 2; i < argc; i++) {
        char *equal = strrchr(argv[i], '=');
        *equal = '\0';
        feed(&link, argv[i]);
        try(&link, equal + 1);
    }
    fflush(stdout);
    for (struct frame ignored;;) // until the runner is told to stop
        (void)hear(&link, 0, PATIENCE_MS, &ignored);
}

int liar_runner(int argc, char **argv)
{
    const struct runner_options options = {.directory = argv[0],
                                           .build = "liar",
                                           .arguments = (const char *const *)(argv + 1),
                                           .argument_count = (size_t)argc - 1};
    for (int i = 1; i < argc; i++)
        if (!strrchr(argv[i], '='))
            liar_fail("%s: write FILE=ID", argv[i]);
    return runner_main(&options);
}
