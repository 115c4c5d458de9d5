#include "proto/name.h"

#include <string.h>

static bool name_is_first(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool name_is_valid(struct bytes text)
{
    if (text.size == 0 || text.size > LIMIT_NAME_SIZE_MAX || !name_is_first(text.data[0]))
        return false;
    for (size_t i = 1; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (!name_is_first(c) && c != '.' && c != '_' && c != '-')
            return false;
    }
    return true;
}

size_t name_character_size(struct bytes text)
{
    uint8_t first = text.data[0];
    if (first < 0x80)
        return first ? 1 : 0;
    size_t size = first >= 0xc2 && first <= 0xdf ? 2 : first >= 0xe0 && first <= 0xef ? 3 : 4;
    if (first < 0xc2 || first > 0xf4 || size > text.size)
        return 0;
    // Over-long forms, surrogates and what lies beyond U+10FFFF show in the second byte.
    uint8_t second = text.data[1];
    uint8_t lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (second < lowest || second > highest)
        return 0;
    for (size_t i = 2; i < size; i++)
        if (text.data[i] < 0x80 || text.data[i] > 0xbf)
            return 0;
    return size;
}

bool name_is_text(struct bytes text, size_t size_max)
{
    if (text.size > size_max)
        return false;
    while (text.size) {
        size_t size = name_character_size(text);
        if (!size)
            return false;
        text = bytes_of(text.data + size, text.size - size);
    }
    return true;
}

void name_trim(char *text)
{
    size_t size = strlen(text);
    for (int cut = 0; cut < 3 && size && !name_is_text(bytes_of_text(text), SIZE_MAX); cut++)
        text[--size] = 0;
}

bool name_split_job(const char *text, char ret_namespace[NAME_ROOM], char ret_name[NAME_ROOM])
{
    const char *slash = strchr(text, '/');
    struct bytes first = slash ? bytes_of(text, (size_t)(slash - text)) : bytes_of_text("main");
    struct bytes second = bytes_of_text(slash ? slash + 1 : text);
    if (!name_is_valid(first) || !name_is_valid(second))
        return false;
    memcpy(ret_namespace, first.data, first.size);
    ret_namespace[first.size] = 0;
    memcpy(ret_name, second.data, second.size + 1);
    return true;
}

void name_join_job(const char *namespace_name, const char *name, char ret_job[NAME_JOB_ROOM])
{
    size_t first = strlen(namespace_name), second = strlen(name);
    assert(first <= LIMIT_NAME_SIZE_MAX && second <= LIMIT_NAME_SIZE_MAX);
    memcpy(ret_job, namespace_name, first);
    ret_job[first] = '/';
    memcpy(ret_job + first + 1, name, second + 1);
}

const char *name_short_job(const char *job)
{
    return strncmp(job, "main/", 5) == 0 ? job + 5 : job;
}

bool name_matches(const char *pattern, const char *name)
{
    return strcmp(pattern, "*") == 0 || strcmp(pattern, name) == 0;
}

// Goes back to the last `*` only, so the time is at most the product of the two lengths.
bool name_fits(const char *pattern, const char *text)
{
    const char *star = NULL, *behind = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            behind = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++behind;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == 0;
}
