#include "node/io/memory.h"

#include <malloc.h>

enum {
    MAPPED_SIZE = 64 * 1024, // blocks from this size on are mappings
    KEPT_SIZE = 64 * 1024,   // free at the end of the heap
};

#ifdef __GLIBC__

void memory_prepare(void)
{
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, MAPPED_SIZE);
    mallopt(M_TRIM_THRESHOLD, KEPT_SIZE);
}

void memory_give_back(void)
{
    malloc_trim(KEPT_SIZE);
}

#else // others give memory back by themselves

void memory_prepare(void)
{
}

void memory_give_back(void)
{
}

#endif
