#include "crdt/scope.h"

static bool is_listed(const char *const *list, size_t count, const char *wanted)
{
    for (size_t i = 0; i < count; i++)
        if (name_matches(list[i], wanted))
            return true;
    return false;
}

bool scope_has_action(const struct scope *scope, const char *action)
{
    return is_listed(scope->actions, scope->action_count, action);
}

bool scope_has_namespace(const struct scope *scope, const char *namespace_name)
{
    return is_listed(scope->namespaces, scope->namespace_count, namespace_name);
}

bool scope_has_user(const struct scope *scope, const char *user)
{
    return is_listed(scope->users, scope->user_count, user);
}

bool scope_has_node(const struct scope *scope, const struct labels *labels)
{
    return labels_cover(labels, &scope->labels);
}
