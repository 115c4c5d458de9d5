#include "node/io/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { TURN_PIPE_COUNT = 64 }; // pipes read in one turn of the loop

struct output_pipe { // one of the two of a run
    struct output_run *run;
    int descriptor; // -1: closed
    uint8_t stream;
    bool has_ended; // nobody writes any more
    bool is_late;   // there was something to see while paused
    uint64_t taken; // bytes that are out of it
    uint64_t seen;  // position up to which it was told
};

struct output_run {
    struct output_run *next;
    struct output *output;
    struct run_id id;
    struct output_pipe pipes[2];
    bool is_held; // until output_taken
};

// Taken out of the set by hand: the runner holds the same pipe, so closing ours would leave it in.
static void close_pipe(struct output_pipe *pipe)
{
    if (pipe->descriptor < 0)
        return;
    epoll_ctl(pipe->run->output->set, EPOLL_CTL_DEL, pipe->descriptor, NULL);
    close(pipe->descriptor);
    pipe->descriptor = -1;
}

static struct output_run **find(struct output *output, const struct run_id *id)
{
    struct output_run **link = &output->runs[id->b[0] % OUTPUT_SLOT_COUNT];
    while (*link && !run_id_equal(&(*link)->id, id))
        link = &(*link)->next;
    return link;
}

static void forget(struct output *output, struct output_run **link)
{
    struct output_run *run = *link;
    *link = run->next;
    output->run_count--;
    close_pipe(&run->pipes[0]);
    close_pipe(&run->pipes[1]);
    if (!output->is_reading) {
        free(run);
        return;
    }
    run->next = output->forgotten;
    output->forgotten = run;
}

static void free_forgotten(struct output *output)
{
    while (output->forgotten) {
        struct output_run *run = output->forgotten;
        output->forgotten = run->next;
        free(run);
    }
}

// Tells of the end when this was the last pipe.
static void end_pipe(struct output_pipe *pipe)
{
    struct output_run *run = pipe->run;
    struct event event = {.kind = EVENT_OUTPUT, .is.output = {.run = run->id, .end = true}};
    close_pipe(pipe);
    if (run->pipes[0].descriptor >= 0 || run->pipes[1].descriptor >= 0)
        return;
    forget(run->output, find(run->output, &run->id));
    feed_event(run->output->feed, &event);
}

// Copies what is in the pipe, from its front, into our memory. Returns how much.
static size_t copy(const struct output *output, const struct output_pipe *pipe)
{
    ssize_t size = tee(pipe->descriptor, output->copies[1], OUTPUT_READ_SIZE, SPLICE_F_NONBLOCK);
    for (ssize_t done = 0; done < size;) {
        ssize_t part = read(output->copies[0], output->memory + done, (size_t)(size - done));
        assert(part > 0);
        done += part;
    }
    return size > 0 ? (size_t)size : 0;
}

static void tell(struct output_pipe *pipe)
{
    struct output *output = pipe->run->output;
    size_t size = copy(output, pipe), known = (size_t)(pipe->seen - pipe->taken);
    if (size <= known)
        return;
    struct event event = {
        .kind = EVENT_OUTPUT,
        .is.output =
            {
                .run = pipe->run->id,
                .stream = pipe->stream,
                .position = pipe->seen,
                .data = bytes_of(output->memory + known, size - known),
            },
    };
    pipe->seen = pipe->taken + size;
    feed_event(output->feed, &event);
}

// It may hold more than one look shows: then the rest is seen when the front was taken out.
static void look(struct output_pipe *pipe)
{
    int size = 0;
    if (pipe->descriptor < 0 || pipe->run->is_held)
        return;
    pipe->is_late = pipe->run->output->is_paused;
    if (pipe->is_late)
        return;
    if (ioctl(pipe->descriptor, FIONREAD, &size) != 0)
        size = 0;
    uint64_t until = pipe->taken + (uint64_t)size;
    if (until > pipe->seen)
        tell(pipe);
    if (pipe->has_ended && pipe->descriptor >= 0 && pipe->seen >= until)
        end_pipe(pipe);
}

// What is fed may remove any run, this one too: its pipes are closed then, its memory stays until the end.
static void readable(uv_poll_t *poll, int status, int events)
{
    struct output *output = poll->data;
    struct epoll_event ready[TURN_PIPE_COUNT];
    (void)status;
    (void)events;
    int count = epoll_wait(output->set, ready, TURN_PIPE_COUNT, 0);
    output->is_reading = true;
    for (int i = 0; i < count; i++) {
        struct output_pipe *pipe = ready[i].data.ptr;
        pipe->has_ended |= (ready[i].events & (EPOLLHUP | EPOLLERR)) != 0;
        look(pipe);
    }
    output->is_reading = false;
    free_forgotten(output);
}

static void open_pipe(struct output_run *run, size_t index, int descriptor, uint64_t taken)
{
    struct output_pipe *pipe = &run->pipes[index];
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = pipe};
    *pipe = (struct output_pipe){
        .run = run, .descriptor = descriptor, .stream = (uint8_t)(index + 1), .taken = taken, .seen = taken};
    if (epoll_ctl(run->output->set, EPOLL_CTL_ADD, descriptor, &event) == 0)
        return;
    close(descriptor); // not a pipe: nothing can be read
    pipe->descriptor = -1;
}

void output_open(struct output *output, uv_loop_t *loop, struct feed *feed)
{
    *output = (struct output){.feed = feed, .set = epoll_create1(EPOLL_CLOEXEC)};
    output->memory = base_alloc(OUTPUT_READ_SIZE, 1);
    output->poll.data = output;
    if (output->set < 0 || pipe2(output->copies, O_CLOEXEC | O_NONBLOCK) ||
        uv_poll_init(loop, &output->poll, output->set) || uv_poll_start(&output->poll, UV_READABLE, readable))
        abort();
}

void output_add(struct output *output, const struct run_id *id, const int descriptors[2],
                const uint64_t taken[2])
{
    output_remove(output, id);
    struct output_run *run = base_alloc(1, sizeof *run), **link = find(output, id);
    run->output = output;
    run->id = *id;
    *link = run;
    output->run_count++;
    open_pipe(run, 0, descriptors[0], taken[0]);
    open_pipe(run, 1, descriptors[1], taken[1]);
}

void output_hold(struct output *output, const struct run_id *id)
{
    struct output_run *run = *find(output, id);
    if (run)
        run->is_held = true;
}

void output_taken(struct output *output, const struct run_id *id, const uint64_t taken[2])
{
    struct output_run *run = *find(output, id);
    if (!run)
        return;
    run->is_held = false;
    output->is_reading = true;
    for (size_t i = 0; i < COUNT_OF(run->pipes); i++) {
        run->pipes[i].taken = taken[i];
        run->pipes[i].seen = MAX_OF(run->pipes[i].seen, taken[i]);
    }
    for (size_t i = 0; i < COUNT_OF(run->pipes); i++)
        look(&run->pipes[i]);
    output->is_reading = false;
    free_forgotten(output);
}

void output_remove(struct output *output, const struct run_id *id)
{
    struct output_run **link = find(output, id);
    if (*link)
        forget(output, link);
}

// The set tells again of what was not looked at.
static void remind(const struct output *output, struct output_pipe *pipe)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = pipe};
    if (pipe->is_late && pipe->descriptor >= 0)
        epoll_ctl(output->set, EPOLL_CTL_MOD, pipe->descriptor, &event);
}

void output_pause(struct output *output, bool paused)
{
    if (output->is_paused == paused)
        return;
    output->is_paused = paused;
    if (paused) {
        uv_poll_stop(&output->poll);
        return;
    }
    uv_poll_start(&output->poll, UV_READABLE, readable);
    for (size_t i = 0; i < OUTPUT_SLOT_COUNT; i++)
        for (struct output_run *run = output->runs[i]; run; run = run->next)
            for (size_t k = 0; k < COUNT_OF(run->pipes); k++)
                remind(output, &run->pipes[k]);
}

size_t output_count(const struct output *output)
{
    return output->run_count;
}

static void set_closed(uv_handle_t *handle)
{
    struct output *output = handle->data;
    close(output->set);
    close(output->copies[0]);
    close(output->copies[1]);
}

void output_close(struct output *output)
{
    for (size_t i = 0; i < OUTPUT_SLOT_COUNT; i++)
        while (output->runs[i])
            forget(output, &output->runs[i]);
    uv_close((uv_handle_t *)&output->poll, set_closed);
    free(output->memory);
    output->memory = NULL;
}
