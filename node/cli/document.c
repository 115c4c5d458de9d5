#include "node/cli/document.h"

#include <stdlib.h>

#include "node/cli/terminal.h"
#include "node/core/trigger/instant.h"

json_t *document_bytes(struct bytes text)
{
    struct buffer valid = {0};
    while (text.size) {
        uint32_t character;
        size_t size = terminal_decode(text, &character);
        if (size)
            buffer_add(&valid, text.data, size);
        else
            buffer_add(&valid, "\xef\xbf\xbd", 3);
        size = MAX_OF(size, (size_t)1);
        text = bytes_of(text.data + size, text.size - size);
    }
    json_t *value = json_stringn(valid.size ? (const char *)valid.data : "", valid.size);
    buffer_deinit(&valid);
    return value;
}

json_t *document_text(const char *text)
{
    return document_bytes(bytes_of_text(text));
}

json_t *document_text_or_null(const char *text)
{
    return text && *text ? document_text(text) : json_null();
}

json_t *document_time(int64_t at_ms)
{
    char text[INSTANT_TEXT_SIZE];
    if (at_ms == 0)
        return json_null();
    instant_print(at_ms, text);
    return json_string(text);
}

json_t *document_hex(const void *id, size_t size)
{
    char *text = base_alloc(2 * size + 1, 1);
    hex_encode(id, size, text);
    json_t *value = json_string(text);
    free(text);
    return value;
}

json_t *document_number(uint64_t number)
{
    return json_integer((json_int_t)MIN_OF(number, (uint64_t)INT64_MAX));
}

json_t *document_trigger(uint16_t index, const char *text)
{
    if (index == UINT16_MAX)
        return json_null();
    return json_pack("{s:i, s:o}", "index", (int)index, "text", document_text_or_null(text));
}

json_t *document_outcome(enum ledger_status status)
{
    return status == LEDGER_OPEN ? json_null() : json_string(ledger_status_text(status));
}

json_t *document_texts(const char *const *texts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, document_text(texts[i]));
    return list;
}

static void print(json_t *value, size_t flags)
{
    json_dumpf(value, stdout, flags | JSON_ENCODE_ANY);
    putchar('\n');
    json_decref(value);
}

void document_print(json_t *document)
{
    print(document, JSON_INDENT(2));
}

void document_print_line(json_t *item)
{
    print(item, JSON_COMPACT);
    fflush(stdout);
}
