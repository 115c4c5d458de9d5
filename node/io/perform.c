#include "node/io/perform.h"

#include "node/io/control_server.h"
#include "node/io/notice.h"
#include "node/io/output.h"
#include "node/io/runner_peer.h"
#include "node/io/store/store.h"
#include "node/io/tcp.h"
#include "node/io/udp.h"

// A run whose end is acknowledged is over: whoever inherited its pipes is heard no more.
static void send_frame(struct perform_rooms *rooms, const struct frame *frame)
{
    runner_peer_send(rooms->runner, frame);
    if (frame->kind == FRAME_KEPT)
        output_hold(rooms->output, &frame->run);
    if (frame->kind == FRAME_ENDED_ACK)
        output_remove(rooms->output, &frame->run);
}

void perform(struct perform_rooms *rooms, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_STORE:
        store_write(rooms->store, &effect->is.write);
        return;
    case EFFECT_QUERY:
        store_query(rooms->store, &effect->is.query);
        return;
    case EFFECT_FRAME:
        send_frame(rooms, &effect->is.frame);
        return;
    case EFFECT_REPLY:
        control_server_reply(rooms->control, effect->is.reply.client, effect->is.reply.message,
                             effect->is.reply.last);
        return;
    case EFFECT_DATAGRAM:
        udp_send(rooms->udp, &effect->is.datagram.to, effect->is.datagram.data);
        return;
    case EFFECT_STREAM_OPEN:
        tcp_connect(rooms->tcp, effect->is.stream.stream, &effect->is.stream.to);
        return;
    case EFFECT_STREAM_SEND:
        tcp_send(rooms->tcp, effect->is.stream.stream, effect->is.stream.data);
        return;
    case EFFECT_STREAM_CLOSE:
        tcp_finish(rooms->tcp, effect->is.stream.stream);
        return;
    case EFFECT_NOTICE:
        notice_say(effect->is.notice.level, "%s", effect->is.notice.text);
        return;
    case EFFECT_EXIT:
        rooms->left(rooms);
        return;
    }
}
