#include "crdt/permission.h"

#include "crdt/scope.h"
#include "crdt/stamp.h"

static bool grant_covers(const struct authority_log_grant *grant, const struct permission_request *request)
{
    const struct scope *scope = &grant->scope;
    if (grant->not_after_ms && request->stamp && stamp_wall_ms(request->stamp) > grant->not_after_ms)
        return false;
    return scope_has_action(scope, request->action) &&
           (!request->namespace_name || scope_has_namespace(scope, request->namespace_name)) &&
           (!request->user || scope_has_user(scope, request->user)) &&
           (!request->labels || scope_has_node(scope, request->labels));
}

// A record without a stamp is later than the revocation when its author knew of it.
static bool is_after(const struct permission_request *request,
                     const struct authority_log_revocation *revocation)
{
    return request->stamp ? request->stamp > revocation->stamp
                          : request->authority_number >= revocation->number;
}

enum permission permission_judge(const struct authority_log *log, const struct node_id *signer,
                                 const struct permission_request *request)
{
    const struct authority_log_operator *operator_ = authority_log_find_operator(log, signer);
    if (request->authority_number > authority_log_get_head(log).number)
        return PERMISSION_BEHIND;
    if (!operator_)
        return PERMISSION_UNKNOWN;
    const struct authority_log_grant *then = authority_log_find_grant(operator_, request->authority_number);
    if (!then || !grant_covers(then, request))
        return PERMISSION_OUT_OF_SCOPE;
    const struct authority_log_revocation *revocation = authority_log_find_revocation(log, signer);
    if (revocation)
        return is_after(request, revocation) ? PERMISSION_VOID : PERMISSION_REVOKED;
    const struct authority_log_grant *now = &operator_->grants[operator_->grant_count - 1];
    return grant_covers(now, request) ? PERMISSION_GRANTED : PERMISSION_NARROWED;
}

bool permission_has_node(const struct authority_log *log, const struct node_id *signer,
                         uint64_t authority_number, const struct labels *labels)
{
    const struct authority_log_operator *operator_ = authority_log_find_operator(log, signer);
    if (!operator_ || operator_->is_revoked)
        return false;
    const struct authority_log_grant *then = authority_log_find_grant(operator_, authority_number);
    const struct authority_log_grant *now = &operator_->grants[operator_->grant_count - 1];
    return then && scope_has_node(&then->scope, labels) && scope_has_node(&now->scope, labels);
}

bool permission_is_accepted(enum permission permission)
{
    return permission <= PERMISSION_NARROWED;
}

const char *permission_text(enum permission permission)
{
    switch (permission) {
    case PERMISSION_GRANTED:
        return "granted";
    case PERMISSION_REVOKED:
        return "signer revoked";
    case PERMISSION_NARROWED:
        return "no longer in the signer's scope";
    case PERMISSION_VOID:
        return "signed after its signer was revoked";
    case PERMISSION_OUT_OF_SCOPE:
        return "not in the signer's scope";
    case PERMISSION_UNKNOWN:
        return "signer unknown here";
    case PERMISSION_BEHIND:
        return "signed under a newer authority log than ours";
    }
    return "refused";
}
