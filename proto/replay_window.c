#include "proto/replay_window.h"

#include <string.h>

static uint64_t *word_of(struct replay_window *window, uint64_t number)
{
    return &window->taken[number % REPLAY_WINDOW_SIZE / 64];
}

static uint64_t bit_of(uint64_t number)
{
    return (uint64_t)1 << (number % 64);
}

void replay_window_init(struct replay_window *window, uint64_t floor)
{
    window->top = floor;
    memset(window->taken, 0xff, sizeof window->taken);
}

// Numbers between the old and the new top have not been seen; their bits belonged to numbers that are
// now below the window.
static void advance(struct replay_window *window, uint64_t number)
{
    if (number - window->top >= REPLAY_WINDOW_SIZE)
        memset(window->taken, 0, sizeof window->taken);
    else
        for (uint64_t skipped = window->top + 1; skipped != number; skipped++)
            *word_of(window, skipped) &= ~bit_of(skipped);
    *word_of(window, number) |= bit_of(number);
    window->top = number;
}

bool replay_window_take(struct replay_window *window, uint64_t number)
{
    if (number > window->top) {
        advance(window, number);
        return true;
    }
    if (window->top - number >= REPLAY_WINDOW_SIZE || (*word_of(window, number) & bit_of(number)))
        return false;
    *word_of(window, number) |= bit_of(number);
    return true;
}
