// cron_days.h - which days of a month a cron expression names, with L, W and # worked out.
//
// A month is given by its shape: how long it is and on which weekday it begins. There are 28 shapes, so
// whether an expression can ever be due is decided by trying them; nothing is searched year by year.
//
//   15    the day itself; never in a month without it
//   L     the last day, L-3 three days before it
//   15W   the workday (Monday to Friday) nearest to the 15th within the same month: the Friday before a
//         Saturday, the Monday after a Sunday, and the other way where that leaves the month. Never in a
//         month without that day. LW and L-3W count from the last day.
//   5     every Friday; 5L the last one, 5#3 the third; never in a month without a fifth
//
// Both day fields: what they name is joined by Vixie's rule. L, W, # and H are restrictions like any
// number; a field with a * or ? restricts nothing by itself. Two restricted fields: a day that fits either
// is due. Otherwise it has to fit both.
// Source: crontab(5) of Vixie cron 3.0; L, W and # as in the Quartz scheduler, with lists of them.
#ifndef NODE_CORE_TRIGGER_CRON_DAYS_H
#define NODE_CORE_TRIGGER_CRON_DAYS_H

#include "proto/base.h"

enum {
    CRON_DAYS_NTH_MAX = 5, // no month has six of a weekday
};

struct cron_days {
    uint32_t days;              // bits 1-31
    uint32_t from_end;          // bit n: n days before the last
    uint32_t workdays;          // bits 1-31: nearest to that day
    uint32_t workdays_from_end; // bit n: nearest to n days before the last
    uint16_t months;            // bits 1-12
    uint8_t weekdays;           // bits 0 Sunday ... 6
    uint8_t last_weekdays;
    uint8_t nth_weekdays[CRON_DAYS_NTH_MAX]; // [0]: the first of the month
    bool days_free;                          // the field has a * (or ?)
    bool weekdays_free;
};

// The fitting days of a month of this shape as bits 1-31; whether the month itself fits is not asked.
uint32_t cron_days_of_month(const struct cron_days *days, int32_t length, int32_t first_weekday);
// Can any month have a fitting day?
bool cron_days_come(const struct cron_days *days);
// Vixie's rule: is a day due that fits one of the two fields?
bool cron_days_is_either(const struct cron_days *days);

#endif
