#include "node/cli/diff.h"

#include <stdlib.h>
#include <string.h>

#include "node/cli/terminal.h"

struct lines {
    struct bytes items[DIFF_LINE_COUNT_MAX + 1];
    size_t count;
};

static void split(struct bytes text, struct lines *ret)
{
    ret->count = 0;
    while (text.size && ret->count <= DIFF_LINE_COUNT_MAX) {
        const uint8_t *end = memchr(text.data, '\n', text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;
        ret->items[ret->count++] = bytes_of(text.data, size);
        size += end != NULL;
        text = bytes_of(text.data + size, text.size - size);
    }
}

static void print_one(char sign, struct bytes line, FILE *out)
{
    struct buffer harmless = {0};
    enum terminal_colour colour = sign == '-' ? TERMINAL_RED : TERMINAL_GREEN;
    if (!terminal_has_colour(out))
        colour = TERMINAL_PLAIN;
    terminal_escape(line, TERMINAL_ONE_LINE, &harmless);
    fprintf(out, "  %s%c %.*s%s\n", terminal_start(colour), sign, (int)harmless.size,
            harmless.data ? (const char *)harmless.data : "", terminal_reset(colour));
    buffer_deinit(&harmless);
}

// length[i][j]: lines shared by what is left of `before` from i and of `after` from j.
static uint16_t *measure(const struct lines *before, const struct lines *after)
{
    size_t width = after->count + 1;
    uint16_t *length = base_alloc((before->count + 1) * width, sizeof *length);
    for (size_t i = before->count; i-- > 0;) {
        for (size_t j = after->count; j-- > 0;) {
            uint16_t down = length[(i + 1) * width + j], right = length[i * width + j + 1];
            length[i * width + j] = bytes_equal(before->items[i], after->items[j])
                                        ? (uint16_t)(length[(i + 1) * width + j + 1] + 1)
                                        : MAX_OF(down, right);
        }
    }
    return length;
}

void diff_print(struct bytes before, struct bytes after, FILE *out)
{
    struct lines *old = base_alloc(1, sizeof *old), *new = base_alloc(1, sizeof *new);
    split(before, old);
    split(after, new);
    uint16_t *length = measure(old, new);
    size_t width = new->count + 1, i = 0, j = 0;
    while (i < old->count || j < new->count) {
        if (i < old->count && j < new->count &&bytes_equal(old->items[i], new->items[j])) {
            i++;
            j++;
        } else if (j == new->count ||
                   (i < old->count && length[(i + 1) * width + j] >= length[i * width + j + 1])) {
            print_one('-', old->items[i++], out);
        } else {
            print_one('+', new->items[j++], out);
        }
    }
    free(length);
    free(old);
    free(new);
}
