// diff.h - which lines two texts do not share.
//
// Source: the longest common subsequence by dynamic programming (Wagner & Fischer 1974); job definitions
// are short, so its square cost does not matter. Beyond DIFF_LINE_COUNT_MAX lines all are shown as changed.
#ifndef NODE_CLI_DIFF_H
#define NODE_CLI_DIFF_H

#include <stdio.h>

#include "proto/bytes.h"

enum {
    DIFF_LINE_COUNT_MAX = 1000,
};

// Prints "- old" and "+ new" lines, made harmless, in the order of the texts; unchanged lines are left out.
void diff_print(struct bytes before, struct bytes after, FILE *out);

#endif
