#include "proto/base.h"

#include <stdlib.h>
#include <string.h>

void *base_alloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory)
        abort();
    return memory;
}

void *base_resize(void *memory, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        abort();
    size_t total = count * size;
    void *moved = realloc(memory, total ? total : 1);
    if (!moved)
        abort();
    return moved;
}

void *base_copy(const void *data, size_t size)
{
    void *copy = base_alloc(1, size);
    if (size)
        memcpy(copy, data, size);
    return copy;
}

char *base_copy_text(const char *text)
{
    return base_copy(text, strlen(text) + 1);
}

// There are many arrays of one large item, one for each job.
static size_t first_capacity(size_t size)
{
    const size_t first_bytes = 128, count_max = 8;
    return size >= first_bytes ? 1 : MIN_OF(first_bytes / MAX_OF(size, 1), count_max);
}

void base_grow(void **array, size_t *capacity, size_t wanted, size_t size)
{
    if (wanted <= *capacity)
        return;
    size_t next = *capacity ? *capacity : first_capacity(size);
    while (next < wanted)
        next *= 2;
    *array = base_resize(*array, next, size);
    *capacity = next;
}
