// fuzz_zone.c - any bytes as a zone file: an outcome, or a zone in which every instant leads back to itself.
#include "node/core/trigger/cron.h"
#include "tests/fuzz/fuzz.h"

static void check_instant(const struct zone *zone, int64_t unix_s)
{
    struct zone_period period = zone_period_at(zone, unix_s);
    assert(period.start_s <= unix_s && unix_s < period.end_s);
    assert(period.utc_offset_s == zone_offset_at(zone, unix_s).utc_offset_s);
    struct zone_local local = zone_local_at(zone, unix_s + period.utc_offset_s);
    assert(local.kind != ZONE_GAP && local.first_s <= unix_s && unix_s <= local.second_s);
    struct zone_local other = zone_local_at(zone, unix_s);
    assert(other.kind != ZONE_GAP || (other.second_s < other.jump_s && other.jump_s <= other.first_s));
}

// However crowded the table is, a due time is found or denied with bounded work.
static void check_due_time(const struct zone *zone, struct trigger_rules rules)
{
    struct cron cron;
    struct trigger_error error;
    int64_t due_ms;
    assert(cron_parse("30 2 * 3 SUNL", "main/fuzz", &cron, &error));
    if (cron_next(&cron, zone, rules, 951868800000, &due_ms))
        assert(cron_is_due(&cron, zone, rules, due_ms) &&
               cron_count(&cron, zone, rules, 951868800000, due_ms) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zone *zone;
    int64_t at_s = -4000000000;
    if (zone_decode(bytes_of(data, size), &zone) != 0)
        return 0;
    for (int i = 0; i < 20 && zone_next_transition(zone, at_s, &at_s); i++) {
        check_instant(zone, at_s - 1);
        check_instant(zone, at_s);
        at_s += i * 100000000;
    }
    check_due_time(zone, (struct trigger_rules){size & 1, size & 2});
    zone_free(zone);
    return 0;
}
