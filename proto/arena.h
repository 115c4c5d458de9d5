// arena.h - memory for one decoded message, with a ceiling, given back in one piece.
//
// Decoding n bytes may take at most 8 n + LIMIT_ARENA_BASE_SIZE bytes: protobuf alone can blow an
// input up 88 times. What a decoder returns points into the arena, never into its input, and lives
// until arena_deinit. One arena may serve several decodes; its ceiling is the sum of theirs.
#ifndef PROTO_ARENA_H
#define PROTO_ARENA_H

#include "proto/bytes.h"
#include "proto/limits.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; // owned
    size_t used;                // bytes handed out
    size_t ceiling;             // bytes that may be handed out
};

// Raises the ceiling by what decoding `input_size` bytes may take. A zeroed arena is ready for it.
void arena_allow(struct arena *arena, size_t input_size);
void arena_deinit(struct arena *arena);

// NULL when the ceiling is reached; zeroed and aligned for any type otherwise.
void *arena_take(struct arena *arena, size_t count, size_t size);
// A zero-terminated copy; NULL when the ceiling is reached.
const char *arena_text(struct arena *arena, struct bytes text);

#endif
