// barred.h - what happens at a time at which its job may not run: in a blackout, or outside its bounds.
//
// Triggers without a calendar have no due times that a blackout could cover; it is what makes the job due
// that falls into one. It starts nothing, also later. For an event, or an end of another job, that is a
// function of when it happened, so every owner finds the same; a boot, a file and a member are judged when
// they would start.
//
// What was barred is told as `skipped`, one stretch for as long as the reason holds, however many there were:
//
//   barred ----> counted ----> written a minute later, and anew as it grows ----> written when the reason is
//   over
//
// The cursor of the trigger follows what is written, so the next owner counts from there.
#ifndef NODE_CORE_BARRED_H
#define NODE_CORE_BARRED_H

#include "node/core/jobs.h"

struct barred; // opaque; of one trigger

// 0, DUE_REFUSED with the error, or DUE_NO_CALENDAR: the job says nothing of that kind. As due_open.
int barred_open(const struct definition *definition, const struct zone *zone, struct barred **ret,
                struct trigger_error *ret_error) WARN_UNUSED;
void barred_free(struct barred *barred); // NULL is fine

// Does what happened at this time start nothing? Then it is counted, once: times are to be asked in order.
bool barred_is(struct core *core, struct job *job, uint16_t trigger, int64_t at_ms);
// Why the trigger starts nothing at this time; NULL: it does.
const char *barred_reason(const struct job *job, uint16_t trigger, int64_t at_ms);
// The end of the blackout that holds the instant; 0: none does.
int64_t barred_blackout_end_ms(const struct jobs_slot *slot, int64_t at_ms);
void barred_tick(struct core *core, struct job *job); // each second

#endif
