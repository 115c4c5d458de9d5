#include "node/cli/time_option.h"

#include "node/cli/print.h"

int time_option_read(const struct command_line *line, const char *option,
                     const struct typed_time_context *context, struct typed_time *ret_time)
{
    const char *text = command_line_find(line, option);
    char note[TYPED_TIME_NOTE_ROOM];
    struct trigger_error error;
    if (!text)
        return COMMAND_DONE;
    if (!typed_time_parse(text, context, ret_time, &error))
        return print_usage("--%s %.80s: column %zu: %s", option, text, error.column, error.text);
    typed_time_note(ret_time, context->zone, note);
    if (note[0])
        print_notice("--%s: %s", option, note);
    return COMMAND_DONE;
}
