// runner_talk.c - what the runner says to the network process.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/io/clock.h"
#include "node/io/runner/runner_state.h"

void runner_send(struct runner *runner, const struct frame *frame, const struct processes_run *with_pipes)
{
    if (!child_can_talk(&runner->child))
        return; // the next one is told what still counts
    const int pipes[LINK_DESCRIPTOR_COUNT_MAX] = {with_pipes ? with_pipes->output : -1,
                                                  with_pipes ? with_pipes->errors : -1};
    size_t count = with_pipes && with_pipes->output >= 0 ? LINK_DESCRIPTOR_COUNT_MAX : 0;
    int outcome = link_send(&runner->child.link, frame, pipes, count);
    if (outcome == LINK_FULL)
        child_end(&runner->child, "it does not read what it is told");
    else if (outcome != 0)
        child_closed(&runner->child, clock_now_ms());
}

void runner_beat(struct runner *runner)
{
    const struct frame frame = {.kind = FRAME_HEARTBEAT, .ok = runner->refuses[0] == '\0'};
    runner_send(runner, &frame, NULL);
}

static void tell_run(struct runner *runner, struct processes_run *run)
{
    if (run->output >= 0) {
        struct frame frame = run->frame;
        frame.kind = FRAME_RUNNING;
        memcpy(frame.taken, run->taken, sizeof frame.taken);
        runner_send(runner, &frame, run);
    }
    if (run->state == PROCESSES_ENDED) {
        run->told_ms = clock_now_ms();
        runner_send(runner, &run->frame, NULL);
    }
}

void runner_greet(struct runner *runner)
{
    bool apart = agent_dir_has_own_network_user(&runner->dir);
    struct frame hello = {.kind = FRAME_HELLO,
                          .confined = apart ? MEMBER_CONFINED_FULL : MEMBER_CONFINED_PARTLY,
                          .is_root = geteuid() == 0};
    snprintf(hello.name, sizeof hello.name, "%s", runner->options->build);
    memcpy(hello.boot, runner->boot, sizeof hello.boot);
    runner_send(runner, &hello, NULL);
    for (size_t i = 0; i < runner->processes.count; i++)
        tell_run(runner, runner->processes.items[i]);
    runner_beat(runner);
}

void runner_tell_again(struct runner *runner, uint64_t now_ms)
{
    for (size_t i = 0; i < runner->processes.count; i++) {
        struct processes_run *run = runner->processes.items[i];
        if (run->state == PROCESSES_ENDED && now_ms - run->told_ms >= PROCESSES_TELL_AGAIN_MS) {
            run->told_ms = now_ms;
            runner_send(runner, &run->frame, NULL);
        }
    }
}
