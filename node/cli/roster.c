#include "node/cli/roster.h"

#include <stdlib.h>

enum { ROSTER_PASS_COUNT_MAX = 64 }; // whoever shows them in a decent order needs one or two

void roster_deinit(struct roster *roster)
{
    free(roster->records);
    *roster = (struct roster){0};
}

void roster_add(struct roster *roster, struct bytes envelope)
{
    void *records = roster->records;
    base_grow(&records, &roster->capacity, roster->count + 1, sizeof *roster->records);
    roster->records = records;
    roster->records[roster->count++] = envelope;
}

static bool may_hold_later(int outcome)
{
    return outcome == DIRECTORY_NODE_UNKNOWN || outcome == DIRECTORY_INVITE_UNKNOWN ||
           outcome == DIRECTORY_ADMISSION_UNKNOWN;
}

bool roster_fill(struct roster *roster, const struct authority_log *log, struct directory *directory)
{
    size_t before = roster->count + 1;
    for (size_t pass = 0; pass < ROSTER_PASS_COUNT_MAX && roster->count < before; pass++) {
        size_t left = 0;
        before = roster->count;
        for (size_t i = 0; i < before; i++) {
            int outcome = directory_add(directory, log, roster->records[i]);
            if (outcome == DIRECTORY_FORGED || outcome == DIRECTORY_MALFORMED)
                return false;
            if (may_hold_later(outcome))
                roster->records[left++] = roster->records[i];
        }
        roster->count = left;
    }
    return true;
}
