#include "node/io/timer.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "node/io/clock.h"

// Far enough for never, and armed all the same: only an armed timer tells of a clock that was set.
static const int64_t never_ms = 4102444800000LL * 4;

// False when the clock was set since the timer was: it is armed, but the kernel tells of that only here.
static bool arm(int descriptor, int flags, uint64_t at_ms)
{
    struct itimerspec at = {
        .it_value = {.tv_sec = (time_t)(at_ms / 1000), .tv_nsec = (long)(at_ms % 1000) * 1000000},
    };
    if (at.it_value.tv_sec == 0 && at.it_value.tv_nsec == 0)
        at.it_value.tv_nsec = 1; // zero would disarm
    int result = timerfd_settime(descriptor, TFD_TIMER_ABSTIME | flags, &at, NULL);
    assert(result == 0 || errno == ECANCELED);
    return result == 0;
}

static void set_monotonic(struct timer *timer)
{
    struct itimerspec off = {0};
    if (timer->now_ms == UINT64_MAX)
        timerfd_settime(timer->monotonic.descriptor, 0, &off, NULL);
    else
        arm(timer->monotonic.descriptor, 0, timer->now_ms);
}

// The kernel knows nothing of an offset that a test gave our clock.
static void set_wall(struct timer *timer)
{
    int64_t at_ms = MIN_OF(timer->wall_ms, never_ms) - clock_offset_ms();
    if (!arm(timer->wall.descriptor, TFD_TIMER_CANCEL_ON_SET, (uint64_t)MAX_OF(at_ms, 0)))
        arm(timer->wall.descriptor, TFD_TIMER_CANCEL_ON_SET, 0); // wake the core at once
}

// A read gives the count of expirations, or ECANCELED when the clock was set. After a cancel the timer
// is armed anew even if the core asks for the same time.
static void fired(uv_poll_t *poll, int status, int events)
{
    struct timer_clock *clock = poll->data;
    struct timer *timer = clock->timer;
    uint64_t count;
    (void)status;
    (void)events;
    if (read(clock->descriptor, &count, sizeof count) < 0 && errno != ECANCELED)
        return;
    if (clock == &timer->wall) {
        timer->wall_ms = INT64_MAX;
        set_wall(timer);
    } else {
        timer->now_ms = UINT64_MAX;
    }
    struct event event = {.kind = EVENT_DEADLINE};
    feed_event(timer->feed, &event);
}

static int open_clock(struct timer_clock *clock, struct timer *timer, uv_loop_t *loop, int which)
{
    clock->timer = timer;
    clock->descriptor = timerfd_create(which, TFD_CLOEXEC | TFD_NONBLOCK);
    if (clock->descriptor < 0)
        return -errno;
    int result = uv_poll_init(loop, &clock->poll, clock->descriptor);
    if (result) {
        close(clock->descriptor);
        return result;
    }
    clock->poll.data = clock;
    return uv_poll_start(&clock->poll, UV_READABLE, fired);
}

static void close_clock(struct timer_clock *clock)
{
    uv_close((uv_handle_t *)&clock->poll, NULL);
    close(clock->descriptor);
}

int timer_open(struct timer *timer, uv_loop_t *loop, struct feed *feed)
{
    *timer = (struct timer){.feed = feed, .now_ms = UINT64_MAX, .wall_ms = INT64_MAX};
    int result = open_clock(&timer->monotonic, timer, loop, CLOCK_MONOTONIC);
    if (result)
        return result;
    result = open_clock(&timer->wall, timer, loop, CLOCK_REALTIME);
    if (result) {
        close_clock(&timer->monotonic);
        return result;
    }
    timer->is_open = true;
    set_wall(timer);
    return 0;
}

void timer_set(struct timer *timer, uint64_t now_ms, int64_t wall_ms)
{
    if (!timer->is_open)
        return;
    if (timer->now_ms != now_ms) {
        timer->now_ms = now_ms;
        set_monotonic(timer);
    }
    if (timer->wall_ms != wall_ms) {
        timer->wall_ms = wall_ms;
        set_wall(timer);
    }
}

void timer_close(struct timer *timer)
{
    if (!timer->is_open)
        return;
    timer->is_open = false;
    close_clock(&timer->monotonic);
    close_clock(&timer->wall);
}
