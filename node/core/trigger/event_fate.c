#include "node/core/trigger/event_fate.h"

enum { HOUR_MS = 3600 * 1000, THROTTLE_MS_MIN = 1000 };

size_t event_fate_per_hour(uint64_t throttle_ms)
{
    if (!throttle_ms)
        return EVENT_FATE_PER_HOUR;
    return (size_t)(HOUR_MS / MAX_OF(throttle_ms, (uint64_t)THROTTLE_MS_MIN)) + 1;
}

static int64_t plus(int64_t at_ms, uint64_t span_ms)
{
    return at_ms + (int64_t)MIN_OF(span_ms, (uint64_t)INT64_MAX / 4);
}

int64_t event_fate_judge(struct event_fate_item *items, size_t count, const struct event_fate_rules *rules,
                         int64_t wall_ms)
{
    int64_t last_ms = rules->last_ms, look_ms = INT64_MAX;
    size_t room = rules->room;
    for (size_t i = 0; i < count; i++)
        if (items[i].is_started)
            last_ms = MAX_OF(last_ms, items[i].at_ms);
    for (size_t i = 0; i < count; i++) {
        struct event_fate_item *item = &items[i];
        int64_t quiet_ms = plus(item->at_ms, rules->quiet_ms);
        bool is_followed = rules->quiet_ms && i + 1 < count && items[i + 1].at_ms <= quiet_ms;
        if (item->is_started) {
            item->fate = EVENT_FATE_STARTED;
        } else if (is_followed) {
            item->fate = EVENT_FATE_ABSORBED;
        } else if (quiet_ms > wall_ms && rules->quiet_ms) {
            item->fate = EVENT_FATE_WAITS;
            look_ms = MIN_OF(look_ms, quiet_ms);
        } else if (rules->throttle_ms && last_ms != INT64_MIN &&
                   item->at_ms < plus(last_ms, rules->throttle_ms)) {
            item->fate = EVENT_FATE_THROTTLED;
        } else if (!room) {
            item->fate = EVENT_FATE_CAPPED;
        } else {
            item->fate = EVENT_FATE_STARTS;
            last_ms = item->at_ms;
            room--;
        }
    }
    return look_ms;
}
