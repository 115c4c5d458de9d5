// boot.h - how a boot of a machine is named as the cause of a run.
//
// Jobs with a boot trigger run on each of their nodes, once per boot of the machine, not of the agent. The
// kernel draws a boot id at each boot; it and the node give the cause, so the runner, which reads the boot id
// itself, finds out alone whether a start belongs to the boot that it lives in.
#ifndef NODE_CORE_TRIGGER_BOOT_H
#define NODE_CORE_TRIGGER_BOOT_H

#include "proto/ids.h"

enum { BOOT_ID_SIZE = 16 };

struct hash boot_cause(const uint8_t boot[BOOT_ID_SIZE], const struct node_id *node);
// When such a job is due, by what the clock shows now: so long after the boot, which is known to the second.
int64_t boot_due_ms(int64_t wall_ms, uint64_t boottime_ns, uint64_t delay_ms);

#endif
