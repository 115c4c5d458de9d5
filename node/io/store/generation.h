// generation.h - how often this node has booted: a small file beside the database, written in place.
//
// A node that starts counts its generation up and must have it on the disk before it says a word. In the
// database that needs room in the log, and a node whose disk is full could not start at all. Overwriting
// bytes that are there needs none. Two places are written in turn, each with a check, so that a write cut
// short by a power failure leaves the one before.
#ifndef NODE_IO_STORE_GENERATION_H
#define NODE_IO_STORE_GENERATION_H

#include "proto/base.h"

// The number in `directory`; 0: none, or none that is whole.
uint64_t generation_read(int directory);
// Makes it durable; makes the file where there is none. 0 or -errno.
int generation_write(int directory, uint64_t number) WARN_UNUSED;

#endif
