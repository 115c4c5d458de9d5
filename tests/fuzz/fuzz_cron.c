// fuzz_cron.c - any text as a cron expression: refused with a reason, or due times that agree with each
// other.
#include <stdlib.h>
#include <string.h>

#include "node/core/trigger/dst_note.h"
#include "node/core/trigger/explain.h"
#include "node/core/trigger/shorthand.h"
#include "proto/limits.h"
#include "proto/name.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/rule_zone.h"

static void check_refusal(const struct trigger_error *error, size_t size)
{
    assert(error->column >= 1 && error->column <= size + 1);
    assert(strlen(error->text) > 0);
    assert(name_is_text(bytes_of_text(error->text), TRIGGER_ERROR_TEXT_SIZE));
    for (const char *c = error->text; *c;
         c++) { // nothing a terminal would obey: no control characters, C0 or C1
        assert((uint8_t)*c >= ' ' && *c != 0x7f);
        assert((uint8_t)c[0] != 0xc2 || (uint8_t)c[1] >= 0xa0);
    }
}

static void check_due_times(const struct cron *cron)
{
    const struct trigger_rules rules = {0};
    const int64_t start_ms = 1806197400000;
    int64_t at_ms = start_ms, due_ms;
    for (uint64_t i = 1; i <= 3; i++) {
        assert(cron_next(cron, zone_utc(), rules, at_ms, &due_ms));
        assert(due_ms > at_ms && cron_is_due(cron, zone_utc(), rules, due_ms));
        assert(cron_count(cron, zone_utc(), rules, start_ms, due_ms) == i);
        at_ms = due_ms;
    }
}

// In a zone that jumps. Between two due times there is none, and each tells what the clock did to it; a
// gap may swallow all there would be.
static void check_jumps(const struct cron *cron, struct trigger_rules rules)
{
    struct zone *zone;
    char text[EXPLAIN_TEXT_SIZE];
    assert(rule_zone_decode(bytes_of_text("CET-1CEST,M3.5.0,M10.5.0/3"), &zone) == 0);
    int64_t at_ms = 1806105600000, due_ms, local_s; // the day before a jump
    for (int i = 0; i < 4 && cron_next(cron, zone, rules, at_ms, &due_ms); i++, at_ms = due_ms) {
        assert(cron_count(cron, zone, rules, at_ms, due_ms) == 1);
        struct dst_note note = dst_note_of_instant(zone, due_ms / 1000);
        if (cron_is_moved(cron, zone, rules, due_ms, &local_s))
            note = dst_note_of_moved(zone, due_ms / 1000, local_s);
        dst_note_print(&note, text);
    }
    explain_cron(cron, "Europe/Berlin", text);
    assert(strlen(text) > 0 && strlen(text) < sizeof text);
    zone_free(zone);
}

// A shorthand is never an expression too.
static void check_shorthand(const char *text, bool is_cron)
{
    uint64_t period_ms = 0;
    struct trigger_error error = {0};
    int outcome = shorthand_read(text, &period_ms, &error);
    assert(!is_cron || outcome == 0);
    if (outcome == SHORTHAND_EVERY)
        assert(period_ms >= LIMIT_PERIOD_MS_MIN && period_ms <= LIMIT_PERIOD_MS_MAX);
    if (outcome == SHORTHAND_REFUSED)
        check_refusal(&error, strlen(text));
}

static void check_all(const struct cron *cron, size_t size)
{
    check_due_times(cron);
    check_jumps(cron, (struct trigger_rules){size & 1, size & 2});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = base_alloc(1, size + 1);
    struct cron cron;
    struct trigger_error error;
    if (size)
        memcpy(text, data, size);
    bool is_cron = cron_parse(text, "main/fuzz", &cron, &error);
    if (is_cron)
        check_all(&cron, size);
    else
        check_refusal(&error, strlen(text));
    check_shorthand(text, is_cron);
    free(text);
    return 0;
}
