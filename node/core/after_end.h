// after_end.h - intervals that count from the end of a run: when the next one is due.
//
// Nobody can compute these due times from the definition. The owner decides: a period after the last run of
// the job ended, whatever its outcome, and by whichever node; a due time that came to nothing counts as its
// end. The first is due a period after the schedule began. While a run of the job goes on, or a failed one is
// to be tried again, nothing is due. A new owner knows the ends that the keepers know, so the interval goes
// on where it was. A due time for which nobody was there, or that came while the job was paused, starts when
// somebody is.
#ifndef NODE_CORE_AFTER_END_H
#define NODE_CORE_AFTER_END_H

#include "node/core/jobs.h"

// Is this such a trigger?
bool after_end_is(const struct jobs_slot *slot);
// Unix time at which it is due next. False: not as long as things are as they are.
bool after_end_due_ms(const struct core *core, const struct job *job, const struct jobs_slot *slot,
                      int64_t *ret_due_ms);

#endif
