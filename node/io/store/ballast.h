// ballast.h - a file of one mebibyte that is good for nothing until the disk is full.
//
// Then even deleting needs room: SQLite writes its log before it frees a page. Removing the ballast
// gives that room to pauses, deletes and results, until there is more.
#ifndef NODE_IO_STORE_BALLAST_H
#define NODE_IO_STORE_BALLAST_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base.h"

enum {
    BALLAST_SIZE = 1024 * 1024,
    BALLAST_ROOM = 4 * 1024 * 1024, // on the disk before a ballast is written
};

struct ballast {
    int directory; // borrowed
    bool is_there;
};

// Finds a ballast of full size in `directory`, if there is one.
void ballast_init(struct ballast *ballast, int directory);
// Writes it unless it is there; false when the disk has less than BALLAST_ROOM left, or refuses.
bool ballast_make(struct ballast *ballast) WARN_UNUSED;
void ballast_remove(struct ballast *ballast);

#endif
