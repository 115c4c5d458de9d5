#include "tests/unit/support_feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct bytes data_of(const struct event *event)
{
    switch (event->kind) {
    case EVENT_OUTPUT:
        return event->is.output.data;
    case EVENT_DATAGRAM:
        return event->is.datagram.data;
    case EVENT_STREAM_BYTES:
        return event->is.stream.data;
    case EVENT_CONTROL:
        return bytes_of_text(event->is.control.request.job);
    default:
        return (struct bytes){0};
    }
}

static void take(struct feed *base, struct event *event)
{
    struct support_feed *feed = CONTAINER_OF(base, struct support_feed, feed);
    assert_true(feed->count < SUPPORT_FEED_COUNT_MAX);
    struct bytes data = data_of(event);
    feed->events[feed->count] = *event;
    if (data.size)
        buffer_add(&feed->data[feed->count], data.data, data.size);
    feed->count++;
    if (feed->heard)
        feed->heard(feed, event);
}

void support_feed_init(struct support_feed *feed)
{
    *feed = (struct support_feed){.feed.take = take};
    assert_int_equal(uv_loop_init(&feed->loop), 0);
    uv_timer_init(&feed->loop, &feed->guard);
}

static void give_up(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("nothing happened for ten seconds");
}

size_t support_feed_count(const struct support_feed *feed, enum event_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < feed->count; i++)
        count += feed->events[i].kind == kind;
    return count;
}

size_t support_feed_find(const struct support_feed *feed, enum event_kind kind, size_t index)
{
    for (size_t i = 0; i < feed->count; i++)
        if (feed->events[i].kind == kind && index-- == 0)
            return i;
    fail_msg("no such event");
    return 0;
}

void support_feed_run(struct support_feed *feed, enum event_kind kind, size_t count)
{
    uv_timer_start(&feed->guard, give_up, 10000, 0);
    while (support_feed_count(feed, kind) < count)
        uv_run(&feed->loop, UV_RUN_ONCE);
    uv_timer_stop(&feed->guard);
}

void support_feed_turn(struct support_feed *feed)
{
    uv_run(&feed->loop, UV_RUN_NOWAIT);
}

void support_feed_deinit(struct support_feed *feed)
{
    uv_timer_start(&feed->guard, give_up, 10000, 0);
    uv_unref((uv_handle_t *)&feed->guard);
    uv_run(&feed->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&feed->guard, NULL);
    uv_run(&feed->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&feed->loop), 0);
    for (size_t i = 0; i < feed->count; i++)
        buffer_deinit(&feed->data[i]);
}
