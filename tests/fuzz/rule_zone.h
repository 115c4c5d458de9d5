// rule_zone.h - a time zone that is all rule, made from the text of the rule, for fuzz targets.
#ifndef TESTS_FUZZ_RULE_ZONE_H
#define TESTS_FUZZ_RULE_ZONE_H

#include "node/core/trigger/zone.h"

static inline void rule_zone_add_block(struct buffer *file)
{
    static const uint8_t head[] = {'T', 'Z', 'i', 'f', '2', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                   0,   0,   0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                   0,   0,   0,   0,   0,   0, 0, 0, 0, 1, 0, 0, 0, 4};
    static const uint8_t type_and_name[] = {0, 0, 0, 0, 0, 0, 'L', 'M', 'T', 0};
    buffer_add(file, head, sizeof head);
    buffer_add(file, type_and_name, sizeof type_and_name);
}

// 0, or an enum zone_outcome.
static inline int rule_zone_decode(struct bytes rule, struct zone **ret)
{
    struct buffer file = {0};
    rule_zone_add_block(&file);
    rule_zone_add_block(&file);
    buffer_add_u8(&file, '\n');
    buffer_add(&file, rule.data, rule.size);
    buffer_add_u8(&file, '\n');
    int outcome = zone_decode(buffer_view(&file), ret);
    buffer_deinit(&file);
    return outcome;
}

#endif
