#include "node/io/output.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "node/io/lifetime.h"

struct output_pipe { // one of the two of a run
    struct output_run *run;
    uv_poll_t poll;
    int descriptor; // -1: closed
    uint8_t stream;
};

struct output_run {
    struct output_run *next;
    struct output *output;
    struct run_id id;
    struct output_pipe pipes[2];
    struct lifetime lifetime; // each open poll handle holds
};

static void run_free(struct lifetime *lifetime)
{
    free(CONTAINER_OF(lifetime, struct output_run, lifetime));
}

static void pipe_closed(uv_handle_t *handle)
{
    struct output_pipe *pipe = handle->data;
    lifetime_release(&pipe->run->lifetime);
}

static void close_pipe(struct output_pipe *pipe)
{
    if (pipe->descriptor < 0)
        return;
    uv_close((uv_handle_t *)&pipe->poll, pipe_closed);
    close(pipe->descriptor);
    pipe->descriptor = -1;
}

static void forget(struct output_run *run)
{
    struct output_run **link = &run->output->runs;
    while (*link != run)
        link = &(*link)->next;
    *link = run->next;
    lifetime_begin_closing(&run->lifetime);
    // The handles still hold until the loop has closed them; without handles nothing holds.
    lifetime_hold(&run->lifetime);
    close_pipe(&run->pipes[0]);
    close_pipe(&run->pipes[1]);
    lifetime_release(&run->lifetime);
}

// Tells of the end when this was the last pipe. The run may be gone afterwards.
static void end_pipe(struct output_pipe *pipe)
{
    struct output_run *run = pipe->run;
    struct feed *feed = run->output->feed;
    struct event event = {.kind = EVENT_OUTPUT, .is.output = {.run = run->id, .end = true}};
    close_pipe(pipe);
    if (run->pipes[0].descriptor >= 0 || run->pipes[1].descriptor >= 0)
        return;
    forget(run);
    feed_event(feed, &event);
}

static void readable(uv_poll_t *poll, int status, int events)
{
    struct output_pipe *pipe = poll->data;
    struct output *output = pipe->run->output;
    (void)events;
    ssize_t size = read(pipe->descriptor, output->memory, OUTPUT_READ_SIZE);
    if (size < 0 && status == 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0) {
        end_pipe(pipe);
        return;
    }
    struct event event = {
        .kind = EVENT_OUTPUT,
        .is.output =
            {
                .run = pipe->run->id,
                .stream = pipe->stream,
                .data = bytes_of(output->memory, (size_t)size),
            },
    };
    feed_event(output->feed, &event);
}

static void start_pipe(struct output_pipe *pipe)
{
    if (pipe->descriptor < 0)
        return;
    if (pipe->run->output->is_paused)
        uv_poll_stop(&pipe->poll);
    else
        uv_poll_start(&pipe->poll, UV_READABLE, readable);
}

static void open_pipe(struct output_run *run, size_t index, int descriptor)
{
    struct output_pipe *pipe = &run->pipes[index];
    *pipe = (struct output_pipe){.run = run, .descriptor = -1, .stream = (uint8_t)(index + 1)};
    if (uv_poll_init(run->output->loop, &pipe->poll, descriptor)) {
        close(descriptor); // not a pipe: nothing can be read
        return;
    }
    pipe->descriptor = descriptor;
    pipe->poll.data = pipe;
    lifetime_hold(&run->lifetime);
    start_pipe(pipe);
}

void output_open(struct output *output, uv_loop_t *loop, struct feed *feed)
{
    *output = (struct output){.loop = loop, .feed = feed, .memory = base_alloc(OUTPUT_READ_SIZE, 1)};
}

static struct output_run *find(const struct output *output, const struct run_id *id)
{
    struct output_run *run = output->runs;
    while (run && !run_id_equal(&run->id, id))
        run = run->next;
    return run;
}

void output_add(struct output *output, const struct run_id *id, const int descriptors[2])
{
    output_remove(output, id);
    struct output_run *run = base_alloc(1, sizeof *run);
    run->output = output;
    run->id = *id;
    run->lifetime.closed = run_free;
    run->next = output->runs;
    output->runs = run;
    open_pipe(run, 0, descriptors[0]);
    open_pipe(run, 1, descriptors[1]);
}

void output_remove(struct output *output, const struct run_id *id)
{
    struct output_run *run = find(output, id);
    if (run)
        forget(run);
}

void output_pause(struct output *output, bool paused)
{
    if (output->is_paused == paused)
        return;
    output->is_paused = paused;
    for (struct output_run *run = output->runs; run; run = run->next) {
        start_pipe(&run->pipes[0]);
        start_pipe(&run->pipes[1]);
    }
}

size_t output_count(const struct output *output)
{
    size_t count = 0;
    for (const struct output_run *run = output->runs; run; run = run->next)
        count++;
    return count;
}

void output_close(struct output *output)
{
    while (output->runs)
        forget(output->runs);
    free(output->memory);
    output->memory = NULL;
}
