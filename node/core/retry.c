#include "node/core/retry.h"

#define DAY_MS (24 * 3600 * 1000LL)

enum { RETRY_RERUN_COUNT_MAX = 2 }; // attempts after a loss, beside the retries the definition asks for

uint32_t retry_attempts_max(const struct definition *definition)
{
    return 1 + definition->retry_times + RETRY_RERUN_COUNT_MAX;
}

bool retry_is_wanted(const struct definition *definition, uint32_t attempt, enum ledger_status status)
{
    if (status == LEDGER_LOST)
        return definition->on_lost == DEFINITION_ON_LOST_RERUN && attempt < retry_attempts_max(definition);
    return (status == LEDGER_FAILED || status == LEDGER_TIMEOUT) && attempt < 1 + definition->retry_times;
}

int64_t retry_delay_ms(const struct definition *definition, uint32_t attempt, enum ledger_status status)
{
    double delay = (double)definition->retry_delay_ms;
    if (status == LEDGER_LOST)
        return 0;
    for (uint32_t i = 1; i < attempt; i++)
        delay = delay * (definition->retry_growth_milli ? definition->retry_growth_milli : 1000) / 1000;
    return (int64_t)MIN_OF(delay, (double)DAY_MS);
}

// The attempt above this number that was claimed under the highest epoch and has not ended.
static const struct known_attempt *find_open(const struct known_due *due, uint32_t above)
{
    const struct known_attempt *open = NULL;
    for (size_t i = 0; i < due->attempt_count; i++) {
        const struct known_attempt *attempt = &due->attempts[i];
        if (attempt->status == LEDGER_OPEN && attempt->number > above &&
            (!open || ledger_epoch_compare(&attempt->epoch, &open->epoch) >= 0))
            open = attempt;
    }
    return open;
}

// What an attempt follows may have ended so long ago that memory has forgotten it: then it was claimed when
// that ended. A loss leaves the lost attempt open, so that one would be known.
static bool find_unexplained(const struct definition *definition, const struct known_due *due,
                             struct retry *ret)
{
    const struct known_attempt *open = find_open(due, 1);
    int64_t claimed_ms = INT64_MAX;
    if (!open)
        return false;
    for (size_t i = 0; i < due->attempt_count; i++) {
        if (due->attempts[i].number < open->number)
            return false;
        if (due->attempts[i].number == open->number)
            claimed_ms = MIN_OF(claimed_ms, due->attempts[i].claimed_ms);
    }
    *ret =
        (struct retry){.attempt = open->number,
                       .open = open,
                       .since_ms = claimed_ms,
                       .start_ms = claimed_ms + retry_delay_ms(definition, open->number - 1, LEDGER_FAILED)};
    return true;
}

bool retry_find(const struct definition *definition, const struct known_due *due, struct retry *ret)
{
    const struct known_attempt *ended = known_last_ended(due);
    if (due->verdict != LEDGER_OPEN || due->status == LEDGER_OK)
        return false;
    if (!ended)
        return find_unexplained(definition, due, ret);
    if (!retry_is_wanted(definition, ended->number, ended->status))
        return false;
    const struct known_attempt *open = find_open(due, ended->number);
    *ret = (struct retry){.attempt = open ? open->number : ended->number + 1,
                          .open = open,
                          .since_ms = ended->ended_ms,
                          .start_ms =
                              ended->ended_ms + retry_delay_ms(definition, ended->number, ended->status)};
    return true;
}
