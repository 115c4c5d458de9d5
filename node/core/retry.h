// retry.h - which attempt follows a failed one, and when.
//
// That a failed attempt is to be followed stands nowhere but in the ledger: the result, the definition, and
// no verdict that closed the due time. So whoever owns the job finds the same answer, after a restart as
// after a death, and nothing that waits has to be kept by a process.
#ifndef NODE_CORE_RETRY_H
#define NODE_CORE_RETRY_H

#include "node/core/ledger/known.h"
#include "proto/definition.h"

struct retry {
    uint32_t attempt;                 // its number
    int64_t since_ms;                 // wall: it waits since then
    int64_t start_ms;                 // and starts not before
    const struct known_attempt *open; // it is claimed already; NULL: not yet
};

// Attempts of one due time, those after a loss among them.
uint32_t retry_attempts_max(const struct definition *definition);
// Does an attempt that ended like this get another one?
bool retry_is_wanted(const struct definition *definition, uint32_t attempt, enum ledger_status status);
// What waits between the end of this attempt and the start of the next.
int64_t retry_delay_ms(const struct definition *definition, uint32_t attempt, enum ledger_status status);
// The attempt to follow. False: none does; the first attempt of a due time follows nothing.
bool retry_find(const struct definition *definition, const struct known_due *due, struct retry *ret);

#endif
