// cron.h - cron expressions: what they mean, and when they are due next.
//
// Five fields (minute, hour, day of month, month, day of week) or six (second first). A field is a
// list of `*`, values, ranges (`1-5`, also around the end: `FRI-MON`, `22-2`) and steps (`*/5`,
// `10-40/10`, `3/4` from 3 on); months and weekdays also by name in any case; 0 and 7 are Sunday;
// `?` means `*` in the two day fields; `@yearly @annually @monthly @weekly @daily @midnight
// @hourly` stand for the usual lines. Days follow Vixie's rule: where both day fields are
// restricted (contain neither * nor ?), a day that fits either is due; else it has to fit both.
//
// DST. An expression whose hour field has a `*` or names every hour follows the wall clock as it
// runs: it is due whenever the clock shows a fitting time. Any other one names local times of a day,
// and each of them is due: one that the clock jumps over fires right after the jump (several in one
// gap fire once), one that the clock shows twice fires the first time. struct trigger_rules can turn
// both around.
//
// Times are unix milliseconds; due times are whole seconds within 0 ... LIMIT_WALL_MS_MAX.
// Source: crontab(5) of Vixie cron 3.0; its DST behaviour made independent of when a daemon looks.
#ifndef NODE_CORE_TRIGGER_CRON_H
#define NODE_CORE_TRIGGER_CRON_H

#include "node/core/trigger/trigger_error.h"
#include "node/core/trigger/trigger_rules.h"
#include "node/core/trigger/zone.h"

// A set of values per field: bit n stands for the value n.
struct cron {
    uint64_t seconds;
    uint64_t minutes;
    uint32_t hours;
    uint32_t days;    // 1-31
    uint16_t months;  // 1-12
    uint8_t weekdays; // 0 Sunday ... 6
    bool days_free;   // the field has a * (or ?)
    bool weekdays_free;
    bool is_real_time; // hours: follows the wall clock as it runs
};

// Refuses what can never be due, with the reason.
bool cron_parse(const char *text, struct cron *ret, struct trigger_error *ret_error) WARN_UNUSED;

// The first due time strictly after `after_ms`; false: none before LIMIT_WALL_MS_MAX.
bool cron_next(const struct cron *cron, const struct zone *zone, struct trigger_rules rules, int64_t after_ms,
               int64_t *ret_due_ms);
bool cron_is_due(const struct cron *cron, const struct zone *zone, struct trigger_rules rules,
                 int64_t due_ms);
// How many due times lie in (after_ms, until_ms]. Takes time by months, not by due times.
uint64_t cron_count(const struct cron *cron, const struct zone *zone, struct trigger_rules rules,
                    int64_t after_ms, int64_t until_ms);

#endif
