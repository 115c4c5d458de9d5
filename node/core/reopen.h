// reopen.h - due times that wait for a run and have nobody who sees to it.
//
// A claim whose executor died, slept, was restarted or gave it up by answering a take; a failed attempt that
// is to be followed by another. Their owner, as soon as it is owner, claims them anew for itself, or closes
// them with a verdict: too late, overtaken, cancelled, or too often lost.
#ifndef NODE_CORE_REOPEN_H
#define NODE_CORE_REOPEN_H

#include "node/core/jobs.h"

// All due times of a job this node owns: after taking it, and whenever an executor may have died.
void reopen_job(struct core *core, struct job *job);
// One of them: a run of it has ended.
void reopen_after_end(struct core *core, struct job *job, const struct known_key *key);

#endif
