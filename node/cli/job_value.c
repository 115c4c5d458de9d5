#include "node/cli/job_value.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/cli/nearest.h"
#include "node/core/trigger/duration.h"

bool job_value_is(const struct job_value *reader, const struct job_file_node *node, enum job_file_kind kind,
                  const char *what)
{
    static const char *const KINDS[] = {"one value", "a list", "a map"};
    return node->kind == kind ||
           job_file_refuse(reader->error, node->place, "%s belongs here, not %s", what, KINDS[node->kind]);
}

bool job_value_text(const struct job_value *reader, const struct job_file_node *node, size_t size_max,
                    const char **ret_text)
{
    if (!job_value_is(reader, node, JOB_FILE_SCALAR, "a text"))
        return false;
    if (node->text[0] == '\0')
        return job_file_refuse(reader->error, node->place, "a value is missing here");
    if (strlen(node->text) > size_max)
        return job_file_refuse(reader->error, node->place, "longer than %zu bytes", size_max);
    if (!name_is_text(bytes_of_text(node->text), size_max))
        return job_file_refuse(reader->error, node->place, "not a text in UTF-8");
    *ret_text = node->text;
    return true;
}

bool job_value_name(const struct job_value *reader, const struct job_file_node *node,
                    char ret_name[NAME_ROOM])
{
    const char *text;
    if (!job_value_text(reader, node, LIMIT_TEXT_SIZE_MAX, &text))
        return false;
    if (!name_is_valid(bytes_of_text(text)))
        return job_file_refuse(
            reader->error, node->place,
            "`%.70s` is no name: letters, digits, `.`, `_` and `-`, at most %d, a letter or digit first",
            text, LIMIT_NAME_SIZE_MAX);
    snprintf(ret_name, NAME_ROOM, "%s", text);
    return true;
}

// Digits only; *ret_end is behind them. False when there are none or too many.
static bool parse_digits(const char *text, uint64_t most, uint64_t *ret_number, const char **ret_end)
{
    uint64_t number = 0;
    const char *c = text;
    for (; *c >= '0' && *c <= '9'; c++) {
        uint64_t digit = (uint64_t)(*c - '0');
        if (number > (most - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *ret_number = number;
    *ret_end = c;
    return c > text;
}

bool job_value_number(const struct job_value *reader, const struct job_file_node *node, uint64_t most,
                      uint64_t *ret_number)
{
    const char *text, *end;
    if (!job_value_text(reader, node, LIMIT_TEXT_SIZE_MAX, &text))
        return false;
    if (!parse_digits(text, most, ret_number, &end) || *end)
        return job_file_refuse(reader->error, node->place,
                               "`%.40s`: a whole number from 0 to %llu belongs here", text,
                               (unsigned long long)most);
    return true;
}

bool job_value_duration(const struct job_value *reader, const struct job_file_node *node, uint64_t *ret_ms)
{
    const char *text;
    struct trigger_error error;
    if (!job_value_text(reader, node, LIMIT_TEXT_SIZE_MAX, &text))
        return false;
    if (!duration_parse(text, ret_ms, &error)) {
        struct job_file_place place = node->place;
        place.column += place.line && error.column ? error.column - 1 : 0;
        return job_file_refuse(reader->error, place, "`%.40s`: %s", text, error.text);
    }
    return *ret_ms > 0 || job_file_refuse(reader->error, node->place,
                                          "`%.40s`: no time at all; write a duration like 90s or 5m", text);
}

bool job_value_size(const struct job_value *reader, const struct job_file_node *node, uint64_t most,
                    uint64_t *ret_bytes)
{
    static const char UNITS[] = "KMG";
    const char *text, *end;
    uint64_t number;
    if (!job_value_text(reader, node, LIMIT_TEXT_SIZE_MAX, &text))
        return false;
    bool is_read = parse_digits(text, most, &number, &end);
    const char *unit = is_read && *end ? strchr(UNITS, toupper((unsigned char)*end)) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - UNITS + 1) : 0;
    if (!is_read || (*end && (!unit || end[1])) || number == 0 || number > most >> shift)
        return job_file_refuse(reader->error, node->place,
                               "`%.40s`: a size like 64K, 1M or 4096 belongs here, up to %lluM", text,
                               (unsigned long long)(most >> 20));
    *ret_bytes = number << shift;
    return true;
}

bool job_value_factor(const struct job_value *reader, const struct job_file_node *node, uint32_t *ret_milli)
{
    const char *text, *end;
    uint64_t whole, part = 0;
    if (!job_value_text(reader, node, LIMIT_TEXT_SIZE_MAX, &text))
        return false;
    bool is_read = parse_digits(text, 100, &whole, &end);
    if (is_read && *end == '.') {
        const char *digits = end + 1;
        is_read = parse_digits(digits, 999, &part, &end) && end - digits <= 3;
        for (size_t i = is_read ? (size_t)(end - digits) : 3; i < 3; i++)
            part *= 10;
    }
    if (!is_read || *end || whole < 1 || whole * 1000 + part > 100000)
        return job_file_refuse(reader->error, node->place,
                               "`%.40s`: a number from 1 to 100 like 2 or 1.5 belongs here", text);
    *ret_milli = (uint32_t)(whole * 1000 + part);
    return true;
}

bool job_value_choice(const struct job_value *reader, const struct job_file_node *node,
                      const char *const *words, size_t count, unsigned *ret_index)
{
    char allowed[128] = "";
    const char *text;
    if (!job_value_text(reader, node, LIMIT_TEXT_SIZE_MAX, &text))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0) {
            *ret_index = (unsigned)i;
            return true;
        }
        size_t used = strlen(allowed);
        snprintf(allowed + used, sizeof allowed - used, "%s%s",
                 i == 0           ? ""
                 : i + 1 == count ? " or "
                                  : ", ",
                 words[i]);
    }
    return job_file_refuse(reader->error, node->place, "`%.40s`: write %s", text, allowed);
}

bool job_value_texts(const struct job_value *reader, const struct job_file_node *node, size_t most,
                     const char *const **ret_texts, size_t *ret_count)
{
    if (!job_value_is(reader, node, JOB_FILE_LIST, "a list"))
        return false;
    if (node->count == 0 || node->count > most)
        return job_file_refuse(reader->error, node->place,
                               "a list of 1 to %zu words belongs here, not of %zu", most, node->count);
    const char **texts = arena_take(reader->arena, node->count, sizeof *texts);
    for (size_t i = 0; i < node->count; i++) {
        const struct job_file_node *item = node->items[i];
        if (!job_value_is(reader, item, JOB_FILE_SCALAR, "a text"))
            return false;
        if (!name_is_text(bytes_of_text(item->text), LIMIT_DEFINITION_SIZE_MAX))
            return job_file_refuse(reader->error, item->place, "not a text in UTF-8 of at most %d bytes",
                                   LIMIT_DEFINITION_SIZE_MAX);
        texts[i] = item->text;
    }
    *ret_texts = texts;
    *ret_count = node->count;
    return true;
}

static int compare_labels(const void *a, const void *b)
{
    const struct label *left = a, *right = b;
    return strcmp(left->key, right->key);
}

static int compare_pairs(const void *a, const void *b)
{
    const struct definition_pair *left = a, *right = b;
    return strcmp(left->key, right->key);
}

bool job_value_labels(const struct job_value *reader, const struct job_file_node *node,
                      struct labels *ret_labels)
{
    if (!job_value_is(reader, node, JOB_FILE_MAP, "a map like {role: gateway}"))
        return false;
    if (node->count == 0 || node->count > LIMIT_LABEL_COUNT_MAX)
        return job_file_refuse(reader->error, node->place, "1 to %d labels belong here",
                               LIMIT_LABEL_COUNT_MAX);
    struct label *labels = arena_take(reader->arena, node->count, sizeof *labels);
    for (size_t i = 0; i < node->count; i++) {
        const char *value;
        const struct job_file_node key = {.place = node->entries[i].place, .text = node->entries[i].key};
        if (!job_value_name(reader, &key, labels[i].key) ||
            !job_value_text(reader, node->entries[i].value, LIMIT_LABEL_VALUE_SIZE_MAX, &value))
            return false;
        snprintf(labels[i].value, sizeof labels[i].value, "%s", value);
        for (size_t k = 0; k < i; k++) {
            if (strcmp(labels[k].key, labels[i].key) == 0)
                return job_file_refuse(reader->error, key.place, "label `%s` is given twice", labels[i].key);
        }
    }
    qsort(labels, node->count, sizeof *labels,
          compare_labels); // their order means nothing, so it is always the same
    *ret_labels = (struct labels){labels, node->count};
    return true;
}

static bool check_variable(const struct job_value *reader, const struct job_file_node *map, size_t index)
{
    const struct job_file_entry *entry = &map->entries[index];
    const char *key = entry->key;
    bool is_fine = isalpha((unsigned char)key[0]) || key[0] == '_';
    for (const char *c = key; is_fine && *c; c++)
        is_fine = isalnum((unsigned char)*c) || *c == '_';
    if (!is_fine || strlen(key) > LIMIT_TEXT_SIZE_MAX)
        return job_file_refuse(reader->error, entry->place, "`%.60s` is no name of a variable", key);
    if (strncmp(key, "KATYDID_", 8) == 0)
        return job_file_refuse(reader->error, entry->place,
                               "`%.60s`: variables that begin with KATYDID_ are set by the node", key);
    for (size_t i = 0; i < index; i++) {
        if (strcmp(map->entries[i].key, key) == 0)
            return job_file_refuse(reader->error, entry->place, "variable `%.60s` is given twice", key);
    }
    return true;
}

bool job_value_variables(const struct job_value *reader, const struct job_file_node *node,
                         const struct definition_pair **ret_pairs, size_t *ret_count)
{
    if (!job_value_is(reader, node, JOB_FILE_MAP, "a map like {LEVEL: debug}"))
        return false;
    if (node->count > LIMIT_ENVIRONMENT_COUNT_MAX)
        return job_file_refuse(reader->error, node->place, "more than %d variables",
                               LIMIT_ENVIRONMENT_COUNT_MAX);
    struct definition_pair *pairs = arena_take(reader->arena, node->count, sizeof *pairs);
    for (size_t i = 0; i < node->count; i++) {
        const struct job_file_node *value = node->entries[i].value;
        if (!check_variable(reader, node, i) || !job_value_is(reader, value, JOB_FILE_SCALAR, "a text"))
            return false;
        if (!name_is_text(bytes_of_text(value->text), LIMIT_DEFINITION_SIZE_MAX))
            return job_file_refuse(reader->error, value->place, "not a text in UTF-8 of at most %d bytes",
                                   LIMIT_DEFINITION_SIZE_MAX);
        pairs[i] = (struct definition_pair){node->entries[i].key, value->text};
    }
    qsort(pairs, node->count, sizeof *pairs, compare_pairs);
    *ret_pairs = pairs;
    *ret_count = node->count;
    return true;
}

bool job_value_check_keys(const struct job_value *reader, const struct job_file_node *map,
                          const char *const *known, size_t count)
{
    for (size_t i = 0; i < map->count; i++) {
        const char *key = map->entries[i].key;
        bool is_known = false;
        for (size_t k = 0; k < count && !is_known; k++)
            is_known = strcmp(known[k], key) == 0;
        if (is_known)
            continue;
        const char *near = nearest_find(key, known, count);
        if (near)
            return job_file_refuse(reader->error, map->entries[i].place,
                                   "this version does not know `%.60s`; did you mean `%s`?", key, near);
        return job_file_refuse(reader->error, map->entries[i].place,
                               "this version does not know `%.60s`; take it out, or install one that does",
                               key);
    }
    return true;
}
