// cron_field.h - one field of a cron expression, read into sets of values.
//
// A field is a list, cut by commas, of
//   `*`, with a step `*/5`; in the two day fields `?` is the same
//   value, range `1-5`, also around the end (`FRI-MON`, `22-2`), with a step `10-40/10`; `3/4`: from 3 on
//   day of month only: `L`, `L-3` (days before the last), `15W`, `LW`, `L-3W`   (cron_days.h)
//   day of week only: `5L`, `FRIL`, `MON#2`, `5#3`                              (cron_days.h)
//   H  one value, the same for ever for this job; `H(0-29)` one of a range; `H/15` and `H(0-29)/10` every
//      15th from a value among the first 15 on. So a thousand jobs with `H * * * *` do not meet.
// Months and weekdays have names too, in any case, like L, W and H.
//
// H is BLAKE2b of (job name, field) modulo the count of values, so all nodes agree, the fields of one job
// differ, and nothing but a new name of the job changes it. Day of month: without a range of its own H stays
// within 1-28, which every month has.
#ifndef NODE_CORE_TRIGGER_CRON_FIELD_H
#define NODE_CORE_TRIGGER_CRON_FIELD_H

#include "node/core/trigger/cron_days.h"
#include "node/core/trigger/trigger_error.h"

enum cron_field_kind {
    CRON_FIELD_SECOND,
    CRON_FIELD_MINUTE,
    CRON_FIELD_HOUR,
    CRON_FIELD_DAY,
    CRON_FIELD_MONTH,
    CRON_FIELD_WEEKDAY,
    CRON_FIELD_COUNT,
};

// Where it stands in the expression: [start, end). Columns count from the beginning of `text`.
struct cron_field_text {
    const char *text;
    size_t start;
    size_t end;
};

struct cron_field {
    uint64_t values;   // bit n: the value n
    uint32_t from_end; // these five as in struct cron_days
    uint32_t workdays;
    uint32_t workdays_from_end;
    uint8_t last_weekdays;
    uint8_t nth_weekdays[CRON_DAYS_NTH_MAX];
    bool is_free;           // has a * or ?
    bool is_spread;         // has an H
    bool is_stepped_spread; // has an H/n over all values: a shifted */n
};

bool cron_field_read(enum cron_field_kind kind, const struct cron_field_text *where, const char *job_name,
                     struct cron_field *ret, struct trigger_error *ret_error) WARN_UNUSED;

#endif
