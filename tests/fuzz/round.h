// round.h - what holds for every codec, as functions made by macros: what is decoded can be encoded, and
// that says the same after another round; the arena keeps to its ceiling.
#ifndef TESTS_FUZZ_ROUND_H
#define TESTS_FUZZ_ROUND_H

#include <stdlib.h>

#include "proto/arena.h"

#define ROUND_END                                                                                            \
    assert(arena.used <= arena.ceiling);                                                                     \
    buffer_deinit(&once);                                                                                    \
    buffer_deinit(&twice);                                                                                   \
    arena_deinit(&arena);                                                                                    \
    return is_accepted;

// round_NAME(body): whether NAME_decode takes it, for a struct `type`.
#define ROUND(type, name)                                                                                    \
    static bool round_##name(struct bytes body)                                                              \
    {                                                                                                        \
        struct arena arena = {0};                                                                            \
        struct buffer once = {0}, twice = {0};                                                               \
        struct type value;                                                                                   \
        bool is_accepted = name##_decode(body, &arena, &value) == 0;                                         \
        if (is_accepted) {                                                                                   \
            name##_encode(&value, &once);                                                                    \
            int outcome = name##_decode(buffer_view(&once), &arena, &value);                                 \
            assert(outcome == 0);                                                                            \
            name##_encode(&value, &twice);                                                                   \
            assert(bytes_equal(buffer_view(&once), buffer_view(&twice)));                                    \
        }                                                                                                    \
        ROUND_END                                                                                            \
    }

// The same for lists of a struct `type`.
#define ROUND_LIST(type, name)                                                                               \
    static bool round_##name(struct bytes body)                                                              \
    {                                                                                                        \
        struct arena arena = {0};                                                                            \
        struct buffer once = {0}, twice = {0};                                                               \
        struct type *items;                                                                                  \
        size_t count;                                                                                        \
        bool is_accepted = name##_decode(body, &arena, &items, &count) == 0;                                 \
        if (is_accepted) {                                                                                   \
            name##_encode(items, count, &once);                                                              \
            int outcome = name##_decode(buffer_view(&once), &arena, &items, &count);                         \
            assert(outcome == 0);                                                                            \
            name##_encode(items, count, &twice);                                                             \
            assert(bytes_equal(buffer_view(&once), buffer_view(&twice)));                                    \
        }                                                                                                    \
        ROUND_END                                                                                            \
    }

// accepts_NAME(value): whether a record with this content is decoded; from a copy of exactly its size,
// so that reading past its end shows.
#define ROUND_ACCEPTS(type, name)                                                                            \
    static bool accepts_##name(const struct type *value)                                                     \
    {                                                                                                        \
        struct buffer body = {0};                                                                            \
        name##_encode(value, &body);                                                                         \
        uint8_t *exact = base_copy(body.data, body.size);                                                    \
        bool is_accepted = round_##name(bytes_of(exact, body.size));                                         \
        free(exact);                                                                                         \
        buffer_deinit(&body);                                                                                \
        return is_accepted;                                                                                  \
    }

#define ROUND_LIST_ACCEPTS(type, name)                                                                       \
    static bool accepts_##name(const struct type *items, size_t count)                                       \
    {                                                                                                        \
        struct buffer body = {0};                                                                            \
        name##_encode(items, count, &body);                                                                  \
        uint8_t *exact = base_copy(body.data, body.size);                                                    \
        bool is_accepted = round_##name(bytes_of(exact, body.size));                                         \
        free(exact);                                                                                         \
        buffer_deinit(&body);                                                                                \
        return is_accepted;                                                                                  \
    }

#endif
