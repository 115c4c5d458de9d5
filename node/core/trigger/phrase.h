// phrase.h - a sentence that grows word by word in memory of a fixed size; what does not fit is left out.
#ifndef NODE_CORE_TRIGGER_PHRASE_H
#define NODE_CORE_TRIGGER_PHRASE_H

#include "proto/base.h"

struct phrase {
    char *text; // the caller's, always terminated
    size_t room;
    size_t size;
};

void phrase_init(struct phrase *phrase, char *text, size_t room); // room >= 1
void phrase_add(struct phrase *phrase, const char *format, ...) PRINTF_LIKE(2, 3);

// What stands before item `index` of `count` in a list: nothing, ", " or " and ".
const char *phrase_joint(size_t index, size_t count);
// The values in `bits` as people list them: "5", "5 and 7", "1, 15 and 20", "9 to 17", "1, 3, 5 ... 31".
// `names` (by value) instead of numbers if it is not NULL.
void phrase_add_values(struct phrase *phrase, uint64_t bits, const char *const *names);
// "1 hour 30 minutes"
void phrase_add_duration(struct phrase *phrase, uint64_t duration_ms);

// A set whose neighbours all have the same distance. One value: step 0.
struct phrase_steps {
    int32_t first;
    int32_t last;
    int32_t step;
};
bool phrase_find_steps(uint64_t bits, struct phrase_steps *ret);

#endif
