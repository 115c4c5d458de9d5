// catch_up.h - due times that passed without anybody: which of them still run, and what becomes of the rest.
//
//   skipped  they lay in a blackout: one verdict for the stretch, written when it is over
//   missed   no node was there, and the job does not catch up on them
//   claimed  by schedule.c, which begins where this room stops: the last one that was missed, or all of them,
//   no
//            older than the window and no more than may wait
//
// What lies in a blackout is never caught up. A step of the clock and a sleep are no different from an
// outage.
#ifndef NODE_CORE_CATCH_UP_H
#define NODE_CORE_CATCH_UP_H

#include "node/core/jobs.h"

enum { CATCH_UP_TEXT_ROOM = 64 };

// How far back a missed due time is still caught up.
int64_t catch_up_window_ms(const struct definition *definition, const struct jobs_slot *slot, int64_t at_ms);
// Wall time after which a first attempt of it does not begin any more, as the runner would not have it;
// INT64_MAX: it is not of the calendar.
int64_t catch_up_latest_ms(const struct core *core, const struct job *job, const struct known_key *key);
// Settles all that passed and does not run any more.
void catch_up_slot(struct core *core, struct job *job, struct jobs_slot *slot);
// Due times up to until_ms that nobody claimed are missed, but for those in a blackout. Returns how many
// were.
uint64_t catch_up_miss(struct core *core, struct job *job, struct jobs_slot *slot, int64_t until_ms);
// Settles the stretch of due times in a blackout that comes next, if that is over. False: there is none.
bool catch_up_blackout(struct core *core, struct job *job, struct jobs_slot *slot);
// The end of the blackout this instant lies in, and of those it runs into; 0: it lies in none.
int64_t catch_up_blackout_end_ms(const struct due *due, int64_t at_ms);
// "blackout until 2027-03-28T01:30:00.000Z" where the job lies in one at this time; else "".
void catch_up_tell_blackout(const struct job *job, int64_t at_ms, char out[CATCH_UP_TEXT_ROOM]);

#endif
