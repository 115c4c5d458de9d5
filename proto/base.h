// base.h - the floor everybody stands on: allocation that aborts, assertions that stay, small macros.
//
// Out of memory: every size a peer controls is checked against proto/limits.h before it reaches an
// allocator here, so a failed allocation is the machine's trouble, not an attack; we abort.
// Errors: a function that can fail returns int. 0 is success; negative is fatal (-errno), passed up
// untouched; positive is one of the outcomes its own header lists, handled by the caller.
#ifndef PROTO_BASE_H
#define PROTO_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WARN_UNUSED                         __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first)            __attribute__((format(printf, text, first)))
#define COUNT_OF(array)                     (sizeof(array) / sizeof((array)[0]))
#define MIN_OF(a, b)                        ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b)                        ((a) > (b) ? (a) : (b))
#define CONTAINER_OF(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

// Each aborts when memory runs out. base_alloc returns zeroed memory. Free with free().
void *base_alloc(size_t count, size_t size) WARN_UNUSED;
void *base_resize(void *memory, size_t count, size_t size) WARN_UNUSED;
char *base_copy_text(const char *text) WARN_UNUSED;
void *base_copy(const void *data, size_t size) WARN_UNUSED;

// Grows *array (element size `size`) so that it holds at least `wanted` elements; capacities double.
void base_grow(void **array, size_t *capacity, size_t wanted, size_t size);

#endif
