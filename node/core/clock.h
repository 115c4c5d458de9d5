// clock.h - may this machine's wall clock be believed, and what follows where it may not.
//
// A clock is trusted until evidence says otherwise. Evidence against it: it shows a time before this build
// was made, or before the last time that was stored here while it was trusted (a machine without a clock
// battery comes up in the past), unless peers whose clocks are trusted agree with it; or it is more than
// CLOCK_FAR_MS (less the uncertainty of the measurement) away from the median of the others. The median
// counts nodes that a time source keeps right where there are any, else all that are trusted, and this node
// among them while it is one; of two values in the middle the one nearer to our own counts, so that of two
// nodes that differ neither condemns itself for nothing.
//
//             evidence against it                evidence is gone, or a person vouches
//   trusted ----------------------> not trusted --------------------------------------> trusted
//
// Not trusted: no job with a calendar trigger is owned here and no change is taken; intervals and boot jobs
// go on, by the time of the fleet. While a clock is found to be far from the others', the core counts on what
// it shows and a correction that makes it theirs, and everything the core says and writes is by that: its due
// times are the fleet's, so they are nobody's loss when the clock is set right or the job goes elsewhere. Of
// those who cannot be heard any more it is believed that they went on as before.
//
// A clock that was just set is believed only after the others were asked again: until then the core goes on
// as if it had not been, for CLOCK_ASK_MS at most, and starts nothing that goes by the calendar. A process
// that has just begun asks before it starts a job that each node sees to itself; all others wait for more
// than that (net/take.h). Who is alone asks nobody: there the clock is what it shows.
//
// A person can vouch for a clock (`clock trust`): from then on only the median counts against it.
// Every change of mind, and every step of the clock, leaves a line in the story. A step forward is followed
// by catching up, once; a step back fires nothing twice, because cursors never go back.
#ifndef NODE_CORE_CLOCK_H
#define NODE_CORE_CLOCK_H

#include "node/core/event.h"

struct core;
struct job;

enum {
    CLOCK_FAR_MS = 60000,
    CLOCK_STEP_MS = 1000, // the wall clock moved so much more or less than the monotonic one: it was set
    CLOCK_STORE_MS = 1800 * 1000, // how often the time is stored
    CLOCK_ASK_MS = 6000,
    CLOCK_ASK_COUNT = 3,     // so many others are enough
    CLOCK_CORRECT_MS = 1000, // a correction is made anew when it is wrong by more
    CLOCK_ERROR_UNKNOWN = 0,
};

struct clock {
    int64_t built_ms;     // when this program was made; 0: nobody knows
    int64_t stored_ms;    // the latest time stored here
    int64_t vouched_ms;   // a person vouched for the clock when it showed this; 0: nobody did
    bool is_synchronised; // the kernel says that a time source keeps it right
    uint32_t kernel_error_ms;
    bool is_distrusted;
    char reason[160];      // why; "" trusted
    int64_t offset_ms;     // to the median of the others, theirs minus ours
    size_t peer_count;     // that the median was made of; 0: nobody can tell
    int64_t shown_ms;      // what it shows
    int64_t correction_ms; // core->wall_ms is so much later
    uint64_t ask_until_ms; // monotonic: the others are being asked; 0: they were
    bool is_begun;         // they were, for the first time
    int64_t last_wall_ms;  // shown at the event before this one
    uint64_t last_now_ms;
    int64_t step_ms; // not told yet: how far the clock was set
};

void clock_load(struct core *core, const char *key, struct bytes value); // a row of meta "clock/..."
// The time of the event that follows, by what the clock shows. Notices that the clock was set.
void clock_advance(struct core *core, int64_t shown_ms, uint64_t gap_ms);
void clock_judge(struct core *core); // each second, and when something bears on it
void clock_tick(struct core *core);  // after every event: have the others been asked?
void clock_kernel(struct core *core, const struct event_clock *kernel);
// A person says that the clock is right now, or takes that back. The ticket of what is written for it.
uint64_t clock_vouch(struct core *core, bool is_right);
bool clock_is_trusted(const struct core *core);
// May due times of the job be claimed and judged, as far as asking the others goes?
bool clock_is_settled(const struct core *core, const struct job *job);
// How wrong the clock may be, in ms, rounded up so that it seldom changes; CLOCK_ERROR_UNKNOWN: nobody can
// tell.
uint32_t clock_error_ms(const struct core *core);

#endif
