// fuzz_zone_rule.c - any text as the rule of a zone: refused, or a zone in which jobs have due times.
//
// Whatever the rule says, an expression that names times of every day is due again within a few days: the
// clock cannot jump over all of them.
#include <string.h>

#include "node/core/trigger/cron.h"
#include "node/core/trigger/dst_note.h"
#include "node/core/trigger/zone_rule.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/rule_zone.h"

static void check_changes(const struct zone *zone)
{
    struct dst_note_change change = {.at_s = 0};
    char text[DST_NOTE_TEXT_SIZE];
    for (int i = 0; i < 10 && dst_note_next_change(zone, change.at_s, &change); i++) {
        dst_note_print_change(&change, text);
        assert(change.before.utc_offset_s != change.after.utc_offset_s);
        struct dst_note note = dst_note_of_local(
            zone, change.at_s + MIN_OF(change.before.utc_offset_s, change.after.utc_offset_s));
        dst_note_print(&note, text);
    }
}

static void check_due_times(const struct zone *zone, struct trigger_rules rules)
{
    const int64_t day_ms = 86400 * 1000, start_ms = 1806197400000;
    struct cron cron;
    struct trigger_error error;
    assert(cron_parse("*/20 0-22 * * *", "main/fuzz", &cron, &error));
    for (int64_t at_ms = start_ms, due_ms; at_ms < start_ms + 400 * day_ms; at_ms = due_ms + 23 * day_ms) {
        assert(cron_next(&cron, zone, rules, at_ms, &due_ms) && due_ms > at_ms &&
               due_ms - at_ms < 7 * day_ms);
        assert(cron_is_due(&cron, zone, rules, due_ms));
        assert(cron_count(&cron, zone, rules, at_ms, due_ms) == 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL; // where the footer of a file ends
    struct bytes text = bytes_of(data, end ? (size_t)(end - data) : size);
    struct zone_rule rule;
    struct zone *zone;
    bool is_rule = zone_rule_parse(text, &rule);
    bool is_zone = rule_zone_decode(text, &zone) == 0;
    assert(is_zone == (is_rule || text.size == 0)); // no rule says nothing, and that is fine
    if (!is_zone)
        return 0;
    check_changes(zone);
    check_due_times(zone, (struct trigger_rules){size & 1, size & 2});
    zone_free(zone);
    return 0;
}
