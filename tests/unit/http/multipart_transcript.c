#include "multipart_transcript.h"

static enum err on_part(void *self, const struct multipart_part *part)
{
    struct buffer *out = self;
    buffer_append_str(out, "<");
    buffer_append(out, part->name);
    if (part->has_filename) {
        buffer_append_str(out, "|");
        buffer_append(out, part->filename);
    }
    if (part->content_type.n > 0) {
        buffer_append_str(out, "|");
        buffer_append(out, part->content_type);
    }
    buffer_append_str(out, ">");
    return ERR_OK;
}

static enum err on_data(void *self, struct bytes data)
{
    buffer_append(self, data);
    return data.n > 0 ? ERR_OK : ERR_INTERNAL;
}

static enum err on_end(void *self)
{
    buffer_append_str(self, "</>");
    return ERR_OK;
}

void multipart_transcript(struct bytes content_type, struct bytes body, struct transcript_cuts cuts,
                          struct buffer *out)
{
    static const struct multipart_receiver receiver = {on_part, on_data, on_end};
    struct multipart m;
    enum err e = multipart_init(&m, content_type, &receiver, out);
    size_t at = 0;
    bool last = false;
    while (e == ERR_OK && !last) {
        size_t end = at + cuts.step < body.n ? at + cuts.step : body.n;
        if (at < cuts.cut && cuts.cut < end)
            end = cuts.cut;
        last = end == body.n;
        e = multipart_feed(&m, bytes_slice(body, at, end - at), last);
        at = end;
    }
    multipart_fini(&m);
    buffer_append_str(out, err_code(e));
}
