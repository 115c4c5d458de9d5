// cron.h - cron expressions: what they mean, and when they are due next.
//
// Five fields (minute, hour, day of month, month, day of week) or six (second first), cut by blanks; what a
// field may say stands in cron_field.h, which days L, W and # name and how the two day fields are joined in
// cron_days.h. `@yearly @annually @monthly @weekly @daily @midnight @hourly` stand for the usual lines of
// zeroes (a spread `@hourly` is written `H * * * *`). `@every` and `@reboot` are triggers of other kinds
// (shorthand.h). An expression for which no day ever comes is refused.
//
// DST. An expression whose hour field has a `*` or `H/n` or names every hour follows the wall clock as it
// runs: it is due whenever the clock shows a fitting time. Any other one names local times of a day,
// and each of them is due: one that the clock jumps over fires right after the jump (several in one
// gap fire once), one that the clock shows twice fires the first time. struct trigger_rules can turn
// both around.
//
// Times are unix milliseconds; due times are whole seconds within 0 ... LIMIT_WALL_MS_MAX.
// Source: crontab(5) of Vixie cron 3.0; its DST behaviour made independent of when a daemon looks.
#ifndef NODE_CORE_TRIGGER_CRON_H
#define NODE_CORE_TRIGGER_CRON_H

#include "node/core/trigger/cron_days.h"
#include "node/core/trigger/trigger_error.h"
#include "node/core/trigger/trigger_rules.h"
#include "node/core/trigger/zone.h"

// A set of values per field: bit n stands for the value n.
struct cron {
    uint64_t seconds;
    uint64_t minutes;
    uint32_t hours;
    struct cron_days days;
    bool is_real_time; // hours: follows the wall clock as it runs
    bool is_spread;    // has an H: another job's name means other times
};

// `job_name` ("namespace/name") is what H spreads by; an expression without H is the same for all. Refuses
// what can never be due, with the reason.
bool cron_parse(const char *text, const char *job_name, struct cron *ret,
                struct trigger_error *ret_error) WARN_UNUSED;

// The first due time strictly after `after_ms`; false: none before LIMIT_WALL_MS_MAX.
bool cron_next(const struct cron *cron, const struct zone *zone, struct trigger_rules rules, int64_t after_ms,
               int64_t *ret_due_ms);
bool cron_is_due(const struct cron *cron, const struct zone *zone, struct trigger_rules rules,
                 int64_t due_ms);
// Does this due time stand for a local time that the clock jumped over, and not also for the one it shows
// then? ret_local_s: which, the first if there were several.
bool cron_is_moved(const struct cron *cron, const struct zone *zone, struct trigger_rules rules,
                   int64_t due_ms, int64_t *ret_local_s);
// How many due times lie in (after_ms, until_ms]. Takes time by months, not by due times.
uint64_t cron_count(const struct cron *cron, const struct zone *zone, struct trigger_rules rules,
                    int64_t after_ms, int64_t until_ms);

#endif
