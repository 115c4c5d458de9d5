#include "node/cli/job_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

// Containers that are open, innermost last.
struct level {
    struct job_file_node *node;
    const char *key; // of a map, when its value comes next
    struct job_file_place key_place;
    size_t capacity;
};

struct parse {
    yaml_parser_t parser;
    struct bytes text;
    struct arena *arena;
    struct job_file_error *error;
    struct level levels[LIMIT_JOB_FILE_DEPTH_MAX];
    size_t depth;
    size_t node_count;
    struct job_file_node *root;
};

bool job_file_refuse(struct job_file_error *ret_error, struct job_file_place place, const char *format, ...)
{
    va_list values;
    ret_error->place = place;
    va_start(values, format);
    vsnprintf(ret_error->text, sizeof ret_error->text, format, values);
    va_end(values);
    return false;
}

// ---- the tree ----

static void *take(struct arena *arena, size_t count, size_t size)
{
    arena->ceiling = SIZE_MAX; // a person's own file, bounded by its size and its count of values
    void *memory = arena_take(arena, count, size);
    assert(memory);
    return memory;
}

static struct job_file_node *new_node(struct arena *arena, enum job_file_kind kind)
{
    struct job_file_node *node = take(arena, 1, sizeof *node);
    node->kind = kind;
    return node;
}

struct job_file_node *job_file_scalar(struct arena *arena, const char *text)
{
    struct job_file_node *node = new_node(arena, JOB_FILE_SCALAR);
    node->text = text;
    return node;
}

struct job_file_node *job_file_list(struct arena *arena)
{
    return new_node(arena, JOB_FILE_LIST);
}

struct job_file_node *job_file_map(struct arena *arena)
{
    return new_node(arena, JOB_FILE_MAP);
}

// Room for one more; what is left behind stays in the arena, at most as much again.
static void *grow(struct arena *arena, void *array, size_t count, size_t size)
{
    if (count & (count - 1)) // full only at 0, 1, 2, 4, 8 ...
        return array;
    void *larger = take(arena, count ? 2 * count : 1, size);
    if (count)
        memcpy(larger, array, count * size);
    return larger;
}

void job_file_append(struct arena *arena, struct job_file_node *list, struct job_file_node *item)
{
    list->items = grow(arena, list->items, list->count, sizeof(struct job_file_node *));
    list->items[list->count++] = item;
}

static void add_entry(struct arena *arena, struct job_file_node *map, struct job_file_entry entry)
{
    map->entries = grow(arena, map->entries, map->count, sizeof *map->entries);
    map->entries[map->count++] = entry;
}

void job_file_set(struct arena *arena, struct job_file_node *map, const char *key,
                  struct job_file_node *value)
{
    add_entry(arena, map, (struct job_file_entry){.key = key, .value = value});
}

const struct job_file_node *job_file_find(const struct job_file_node *map, const char *key)
{
    for (size_t i = 0; map && map->kind == JOB_FILE_MAP && i < map->count; i++) {
        if (strcmp(map->entries[i].key, key) == 0)
            return map->entries[i].value;
    }
    return NULL;
}

// ---- events of libyaml ----

static struct job_file_place place_of(yaml_mark_t mark)
{
    return (struct job_file_place){mark.line + 1, mark.column + 1};
}

static bool refuse_star(struct parse *parse, struct job_file_place place)
{
    return job_file_refuse(parse->error, place,
                           "a value that begins with * needs quotes in YAML: \"*/5 * * * *\"");
}

static bool refuse_syntax(struct parse *parse)
{
    const yaml_parser_t *parser = &parse->parser;
    struct job_file_place place = place_of(parser->problem_mark);
    const char *context = parser->context ? parser->context : "";
    const char *problem = parser->problem ? parser->problem : "not YAML";
    size_t index = parser->problem_mark.index;
    char found = index < parse->text.size ? (char)parse->text.data[index] : '\0';
    if (strstr(context, "alias"))
        return refuse_star(parse, place_of(parser->context_mark));
    if (parser->error == YAML_READER_ERROR)
        return job_file_refuse(parse->error, (struct job_file_place){0}, "not a text in UTF-8: %s (byte %zu)",
                               problem, parser->problem_offset);
    if (strstr(problem, "cannot start any token") && found == '\t')
        return job_file_refuse(parse->error, place, "YAML is indented with blanks, not with tabs");
    if (strstr(problem, "cannot start any token"))
        return job_file_refuse(parse->error, place, "a value that begins with %c needs quotes in YAML",
                               found);
    return job_file_refuse(parse->error, place, "%s%s%s", context, context[0] ? ": " : "", problem);
}

static bool add_value(struct parse *parse, struct job_file_node *node)
{
    if (++parse->node_count > JOB_FILE_NODE_COUNT_MAX)
        return job_file_refuse(parse->error, node->place, "more than %d values; split the file",
                               JOB_FILE_NODE_COUNT_MAX);
    if (parse->depth == 0) {
        parse->root = node;
        return true;
    }
    struct level *level = &parse->levels[parse->depth - 1];
    if (level->node->kind == JOB_FILE_LIST) {
        job_file_append(parse->arena, level->node, node);
        return true;
    }
    if (level->key) {
        add_entry(parse->arena, level->node, (struct job_file_entry){level->key, level->key_place, node});
        level->key = NULL;
        return true;
    }
    if (node->kind != JOB_FILE_SCALAR)
        return job_file_refuse(parse->error, node->place, "a key is a plain word here, not a list or a map");
    level->key = node->text;
    level->key_place = node->place;
    return true;
}

static bool add_scalar(struct parse *parse, const yaml_event_t *event)
{
    struct job_file_place place = place_of(event->start_mark);
    size_t size = event->data.scalar.length;
    if (memchr(event->data.scalar.value, 0, size))
        return job_file_refuse(parse->error, place, "a text here cannot contain a zero byte");
    char *text = take(parse->arena, size + 1, 1);
    memcpy(text, event->data.scalar.value, size);
    struct job_file_node *node = job_file_scalar(parse->arena, text);
    node->is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->place = place;
    node->place.column += event->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
                          event->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    return add_value(parse, node);
}

static bool open_level(struct parse *parse, enum job_file_kind kind, yaml_mark_t mark)
{
    struct job_file_node *node = new_node(parse->arena, kind);
    node->place = place_of(mark);
    if (!add_value(parse, node))
        return false;
    if (parse->depth == LIMIT_JOB_FILE_DEPTH_MAX)
        return job_file_refuse(parse->error, node->place, "nested more than %d deep",
                               LIMIT_JOB_FILE_DEPTH_MAX);
    parse->levels[parse->depth++] = (struct level){.node = node};
    return true;
}

static int compare_entries(const void *a, const void *b)
{
    const struct job_file_entry *const *left = a, *const *right = b;
    int order = strcmp((*left)->key, (*right)->key);
    return order ? order : (*left > *right) - (*left < *right); // of one array: the order of the file
}

static bool close_map(struct parse *parse, const struct job_file_node *map)
{
    const struct job_file_entry **sorted = take(parse->arena, MAX_OF(map->count, (size_t)1), sizeof *sorted);
    for (size_t i = 0; i < map->count; i++)
        sorted[i] = &map->entries[i];
    qsort(sorted, map->count, sizeof *sorted, compare_entries);
    for (size_t i = 1; i < map->count; i++) {
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0)
            return job_file_refuse(parse->error, sorted[i]->place,
                                   "`%.80s` stands here twice; it is also in line %zu", sorted[i]->key,
                                   sorted[i - 1]->place.line);
    }
    return true;
}

static bool has_anchor_or_tag(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor || event->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor || event->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor || event->data.mapping_start.tag;
    default:
        return false;
    }
}

// One event; true to go on. *ret_done is set behind the last.
static bool take_event(struct parse *parse, const yaml_event_t *event, bool *ret_done)
{
    struct job_file_place place = place_of(event->start_mark);
    if (has_anchor_or_tag(event))
        return job_file_refuse(parse->error, place,
                               "YAML anchors and tags are not used here; quote a value that "
                               "begins with & or !");
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return !parse->root ||
               job_file_refuse(parse->error, place, "a second document; one file is one document");
    case YAML_ALIAS_EVENT:
        return refuse_star(parse, place);
    case YAML_SCALAR_EVENT:
        return add_scalar(parse, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_level(parse, JOB_FILE_LIST, event->start_mark);
    case YAML_MAPPING_START_EVENT:
        return open_level(parse, JOB_FILE_MAP, event->start_mark);
    case YAML_MAPPING_END_EVENT:
        return close_map(parse, parse->levels[--parse->depth].node);
    case YAML_SEQUENCE_END_EVENT:
        parse->depth--;
        return true;
    case YAML_STREAM_END_EVENT:
        *ret_done = true;
        return true;
    default:
        return true;
    }
}

static bool run(struct parse *parse)
{
    bool is_done = false;
    while (!is_done) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parse->parser, &event))
            return refuse_syntax(parse);
        bool is_fine = take_event(parse, &event, &is_done);
        yaml_event_delete(&event);
        if (!is_fine)
            return false;
    }
    return parse->root || job_file_refuse(parse->error, (struct job_file_place){1, 1}, "the file is empty");
}

bool job_file_parse(struct bytes text, struct arena *arena, struct job_file_node **ret_root,
                    struct job_file_error *ret_error)
{
    struct parse parse = {.text = text, .arena = arena, .error = ret_error};
    if (text.size > LIMIT_JOB_FILE_SIZE_MAX)
        return job_file_refuse(ret_error, (struct job_file_place){0}, "larger than %d bytes; split the file",
                               LIMIT_JOB_FILE_SIZE_MAX);
    if (text.size == 0)
        return job_file_refuse(ret_error, (struct job_file_place){1, 1}, "the file is empty");
    if (!yaml_parser_initialize(&parse.parser))
        abort();
    yaml_parser_set_encoding(&parse.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parse.parser, text.data, text.size);
    bool is_parsed = run(&parse);
    yaml_parser_delete(&parse.parser);
    if (is_parsed)
        *ret_root = parse.root;
    return is_parsed;
}
