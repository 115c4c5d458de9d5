#include "proto/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum {
    ARENA_BLOCK_SIZE_MIN = 512, // a small record costs one small block
    ARENA_BLOCK_SIZE_MAX = 16 * 1024,
};

struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) uint8_t memory[];
};

void arena_allow(struct arena *arena, size_t input_size)
{
    arena->ceiling += 8 * input_size + LIMIT_ARENA_BASE_SIZE;
}

void arena_deinit(struct arena *arena)
{
    struct arena_block *block = arena->blocks;
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    *arena = (struct arena){0};
}

// Blocks grow with what was handed out, so that n bytes take O(log n) of them and waste little.
static struct arena_block *arena_add_block(struct arena *arena, size_t size)
{
    size_t usual = MIN_OF(MAX_OF(arena->used, ARENA_BLOCK_SIZE_MIN), ARENA_BLOCK_SIZE_MAX);
    struct arena_block *block = base_alloc(1, sizeof *block + MAX_OF(size, usual));
    block->size = MAX_OF(size, usual);
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

static void *arena_cut(struct arena *arena, size_t size, size_t alignment)
{
    struct arena_block *block = arena->blocks;
    size_t padding = block ? (alignment - block->used % alignment) % alignment : 0;
    if (block && (padding > block->size - block->used || size > block->size - block->used - padding)) {
        block = NULL;
        padding = 0;
    }
    if (size > arena->ceiling - arena->used || padding > arena->ceiling - arena->used - size)
        return NULL;
    if (!block)
        block = arena_add_block(arena, size);
    void *memory = block->memory + block->used + padding;
    block->used += padding + size;
    arena->used += padding + size;
    return memory;
}

void *arena_take(struct arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    size_t total = count * size;
    return arena_cut(arena, total ? total : 1, alignof(max_align_t));
}

const char *arena_text(struct arena *arena, struct bytes text)
{
    char *copy = text.size < SIZE_MAX ? arena_cut(arena, text.size + 1, 1) : NULL;
    if (copy && text.size)
        memcpy(copy, text.data, text.size);
    return copy; // the block was zeroed, so the last byte is
}
