// zone_rule.h - the rule at the end of a zone file: when DST begins and ends in the years to come.
//
// "CET-1CEST,M3.5.0,M10.5.0/3": two offsets and two dates a year. POSIX writes offsets backwards
// (west is positive); here they are local - UTC like everywhere else.
// Source: POSIX.1-2017 section 8.3 (TZ) with the extension of RFC 8536 section 3.3.1: times of day
// from -167 to 167 hours. A zone with DST but without dates is refused: POSIX leaves it open.
#ifndef NODE_CORE_TRIGGER_ZONE_RULE_H
#define NODE_CORE_TRIGGER_ZONE_RULE_H

#include "node/core/trigger/zone.h"

enum zone_rule_form {
    ZONE_RULE_JULIAN,  // Jn: 1-365, 29 February is never counted
    ZONE_RULE_ORDINAL, // n: 0-365, it is
    ZONE_RULE_WEEKDAY, // Mm.w.d: the w-th (5: last) weekday d of month m
};

struct zone_rule_date {
    enum zone_rule_form form;
    int32_t day; // of the year, or the weekday
    int32_t month;
    int32_t week;
    int32_t time_s; // on the clock that is about to change
};

struct zone_rule {
    struct zone_offset standard;
    struct zone_offset daylight;
    bool has_daylight;
    struct zone_rule_date start; // of DST
    struct zone_rule_date end;
};

bool zone_rule_parse(struct bytes text, struct zone_rule *ret) WARN_UNUSED;
// The instants in a year at which DST starts and ends; only for a rule that has DST.
int64_t zone_rule_start_s(const struct zone_rule *rule, int32_t year);
int64_t zone_rule_end_s(const struct zone_rule *rule, int32_t year);

#endif
