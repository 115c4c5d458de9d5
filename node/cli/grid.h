// grid.h - rows of cells that line up, whatever alphabet they are in.
//
// Cells are escaped when they are added, so nothing untrusted gets through. Columns are two spaces
// apart; the last one is not padded. A number column is flushed right.
#ifndef NODE_CLI_GRID_H
#define NODE_CLI_GRID_H

#include "node/cli/terminal.h"

enum {
    GRID_COLUMN_COUNT_MAX = 12,
};

struct grid_cell {
    char *text; // owned, escaped
    enum terminal_colour colour;
};

struct grid {
    size_t column_count;
    bool is_right[GRID_COLUMN_COUNT_MAX];
    struct grid_cell *cells; // owned, row by row; the first row is the heading
    size_t cell_count, cell_capacity;
};

// `headings` has column_count texts; one that starts with '>' makes a column flushed right.
void grid_init(struct grid *grid, const char *const *headings, size_t column_count);
void grid_deinit(struct grid *grid);

// Fills the next cell, from left to right, row by row.
void grid_add(struct grid *grid, const char *text);
void grid_add_colour(struct grid *grid, const char *text, enum terminal_colour colour);
void grid_add_format(struct grid *grid, const char *format, ...) PRINTF_LIKE(2, 3);

size_t grid_row_count(const struct grid *grid); // without the heading
void grid_print(const struct grid *grid, FILE *out);

#endif
