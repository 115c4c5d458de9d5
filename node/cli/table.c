#include "node/cli/table.h"

#include <stdarg.h>
#include <stdlib.h>

void table_init(struct table *table, const char *const *headings, size_t column_count)
{
    assert(column_count <= TABLE_COLUMN_COUNT_MAX);
    *table = (struct table){.column_count = column_count};
    for (size_t i = 0; i < column_count; i++) {
        table->is_right[i] = headings[i][0] == '>';
        table_add_colour(table, headings[i] + table->is_right[i], TERMINAL_BOLD);
    }
}

void table_deinit(struct table *table)
{
    for (size_t i = 0; i < table->cell_count; i++)
        free(table->cells[i].text);
    free(table->cells);
    *table = (struct table){0};
}

void table_add_colour(struct table *table, const char *text, enum terminal_colour colour)
{
    void *cells = table->cells;
    base_grow(&cells, &table->cell_capacity, table->cell_count + 1, sizeof *table->cells);
    table->cells = cells;
    table->cells[table->cell_count++] = (struct table_cell){terminal_escape_text(text), colour};
}

void table_add(struct table *table, const char *text)
{
    table_add_colour(table, text, TERMINAL_PLAIN);
}

void table_add_format(struct table *table, const char *format, ...)
{
    char text[512];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    table_add(table, text);
}

size_t table_row_count(const struct table *table)
{
    return table->cell_count / table->column_count - 1;
}

static void print_cell(const struct table_cell *cell, size_t padding, bool is_right, FILE *out)
{
    enum terminal_colour colour = terminal_has_colour(out) ? cell->colour : TERMINAL_PLAIN;
    int before = is_right ? (int)padding : 0, after = is_right ? 0 : (int)padding;
    fprintf(out, "%*s%s%s%s%*s", before, "", terminal_start(colour), cell->text, terminal_reset(colour),
            after, "");
}

// Whether the row goes on: blanks at the end of a line are noise.
static bool has_text_behind(const struct table *table, size_t index)
{
    for (size_t i = index + 1; i % table->column_count != 0; i++) {
        if (table->cells[i].text[0])
            return true;
    }
    return false;
}

void table_print(const struct table *table, FILE *out)
{
    size_t widths[TABLE_COLUMN_COUNT_MAX] = {0};
    for (size_t i = 0; i < table->cell_count; i++) {
        size_t width = terminal_width(table->cells[i].text);
        widths[i % table->column_count] = MAX_OF(widths[i % table->column_count], width);
    }
    for (size_t i = 0; i < table->cell_count; i++) {
        size_t column = i % table->column_count;
        bool is_last = column + 1 == table->column_count;
        bool is_end = is_last || !has_text_behind(table, i);
        size_t padding = widths[column] - terminal_width(table->cells[i].text);
        if (is_end && !table->is_right[column])
            padding = 0;
        print_cell(&table->cells[i], padding, table->is_right[column], out);
        fputs(is_end ? "\n" : "  ", out);
        if (is_end)
            i += table->column_count - 1 - column;
    }
}
