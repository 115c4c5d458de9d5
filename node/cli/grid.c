#include "node/cli/grid.h"

#include <stdarg.h>
#include <stdlib.h>

void grid_init(struct grid *grid, const char *const *headings, size_t column_count)
{
    assert(column_count <= GRID_COLUMN_COUNT_MAX);
    *grid = (struct grid){.column_count = column_count};
    for (size_t i = 0; i < column_count; i++) {
        grid->is_right[i] = headings[i][0] == '>';
        grid_add_colour(grid, headings[i] + grid->is_right[i], TERMINAL_BOLD);
    }
}

void grid_deinit(struct grid *grid)
{
    for (size_t i = 0; i < grid->cell_count; i++)
        free(grid->cells[i].text);
    free(grid->cells);
    *grid = (struct grid){0};
}

void grid_add_colour(struct grid *grid, const char *text, enum terminal_colour colour)
{
    void *cells = grid->cells;
    base_grow(&cells, &grid->cell_capacity, grid->cell_count + 1, sizeof *grid->cells);
    grid->cells = cells;
    grid->cells[grid->cell_count++] = (struct grid_cell){terminal_escape_text(text), colour};
}

void grid_add(struct grid *grid, const char *text)
{
    grid_add_colour(grid, text, TERMINAL_PLAIN);
}

void grid_add_format(struct grid *grid, const char *format, ...)
{
    char text[512];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    grid_add(grid, text);
}

size_t grid_row_count(const struct grid *grid)
{
    return grid->cell_count / grid->column_count - 1;
}

static void print_cell(const struct grid_cell *cell, size_t padding, bool is_right, FILE *out)
{
    enum terminal_colour colour = terminal_has_colour(out) ? cell->colour : TERMINAL_PLAIN;
    int before = is_right ? (int)padding : 0, after = is_right ? 0 : (int)padding;
    fprintf(out, "%*s%s%s%s%*s", before, "", terminal_start(colour), cell->text, terminal_reset(colour),
            after, "");
}

// Whether the row goes on: blanks at the end of a line are noise.
static bool has_text_behind(const struct grid *grid, size_t index)
{
    for (size_t i = index + 1; i % grid->column_count != 0; i++) {
        if (grid->cells[i].text[0])
            return true;
    }
    return false;
}

void grid_print(const struct grid *grid, FILE *out)
{
    size_t widths[GRID_COLUMN_COUNT_MAX] = {0};
    for (size_t i = 0; i < grid->cell_count; i++) {
        size_t width = terminal_width(grid->cells[i].text);
        widths[i % grid->column_count] = MAX_OF(widths[i % grid->column_count], width);
    }
    for (size_t i = 0; i < grid->cell_count; i++) {
        size_t column = i % grid->column_count;
        bool is_last = column + 1 == grid->column_count;
        bool is_end = is_last || !has_text_behind(grid, i);
        size_t padding = widths[column] - terminal_width(grid->cells[i].text);
        if (is_end && !grid->is_right[column])
            padding = 0;
        print_cell(&grid->cells[i], padding, grid->is_right[column], out);
        fputs(is_end ? "\n" : "  ", out);
        if (is_end)
            i += grid->column_count - 1 - column;
    }
}
