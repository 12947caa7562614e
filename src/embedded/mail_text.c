#include "embedded/mail_text.h"

#include "ports/actor.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MS_PER_S 1000

/* An address with spaces, angle brackets or control characters could add headers or recipients. */
static bool is_safe_address(struct bytes address)
{
    if (address.n == 0 || address.n > EMAIL_MAX_BYTES || bytes_find(address, '@', 0) == SIZE_MAX)
        return false;
    for (size_t i = 0; i < address.n; i++) {
        uint8_t c = address.p[i];
        if (c <= ' ' || c == 0x7f || c == '<' || c == '>' || c == ',' || c == ';')
            return false;
    }
    return true;
}

/* RFC 5322 section 3.3; names of days and months must not depend on the locale. */
static void append_date(struct buffer *out, int64_t now_unix_ms)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t t = (time_t)(now_unix_ms / MS_PER_S);
    struct tm utc;
    struct tm *ok = gmtime_r(&t, &utc);
    assert(ok != NULL);
    buffer_printf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", days[utc.tm_wday],
                  utc.tm_mday, months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                  utc.tm_sec);
}

static const char *subject_of(const struct mail *mail)
{
    switch (mail->kind) {
    case MAIL_CONFIRM_CODE:
        return "Your Letterlock confirmation code";
    case MAIL_RESET_CODE:
        return "Your Letterlock code for a new password";
    case MAIL_ADDRESS_TAKEN:
        return "You already have a Letterlock account";
    case MAIL_PASSWORD_CHANGED:
        return "Your Letterlock password was changed";
    case MAIL_TOTP_ON:
        return "Your Letterlock account asks for a second factor now";
    case MAIL_TOTP_OFF:
        return "Your Letterlock account asks for no second factor any more";
    case MAIL_LETTERS:
        return mail->letters == 1 ? "A letter is waiting for you" : "Letters are waiting for you";
    }
    return "Letterlock";
}

static void append_text(struct buffer *out, const struct mail *mail)
{
    switch (mail->kind) {
    case MAIL_CONFIRM_CODE:
        buffer_printf(out,
                      "Your confirmation code is\r\n\r\n    %s\r\n\r\n"
                      "It is valid for 15 minutes. If you did not sign up at\r\n%s\r\n"
                      "you can ignore this mail.\r\n",
                      mail->code, mail->public_url);
        return;
    case MAIL_RESET_CODE:
        buffer_printf(out,
                      "Your code for setting a new password is\r\n\r\n    %s\r\n\r\n"
                      "It is valid for 15 minutes. Keep your recovery key at hand: without it,\r\n"
                      "letters from before the reset can no longer be opened.\r\n"
                      "If you did not ask for this at\r\n%s\r\nyou can ignore this mail.\r\n",
                      mail->code, mail->public_url);
        return;
    case MAIL_ADDRESS_TAKEN:
        buffer_printf(
            out,
            "Someone, perhaps you, tried to sign up with this address at\r\n%s\r\n"
            "You have an account there already: sign in, or choose \"forgot password\".\r\n",
            mail->public_url);
        return;
    case MAIL_PASSWORD_CHANGED:
        buffer_printf(out,
                      "The password of your account at\r\n%s\r\nwas just changed, and all other "
                      "sessions were ended.\r\nIf this was not you, reset your password now.\r\n",
                      mail->public_url);
        return;
    case MAIL_TOTP_ON:
        buffer_printf(out,
                      "The second factor of your account at\r\n%s\r\nwas just turned on. If this "
                      "was not you, someone knows your password:\r\nturn to the person who runs "
                      "the server now.\r\n",
                      mail->public_url);
        return;
    case MAIL_TOTP_OFF:
        buffer_printf(out,
                      "The second factor of your account at\r\n%s\r\nwas just turned off. If this "
                      "was not you, change your password now.\r\n",
                      mail->public_url);
        return;
    case MAIL_LETTERS:
        if (mail->letters == 1)
            buffer_append_str(out, "A new sealed letter is waiting for you.\r\n");
        else
            buffer_printf(out, "%lld new sealed letters are waiting for you.\r\n",
                          (long long)mail->letters);
        buffer_printf(out, "Sign in to open it: %s\r\n", mail->public_url);
        return;
    }
}

static void append_message_id(struct buffer *out, const char *from)
{
    const char *at = strrchr(from, '@');
    struct uuid id = uuid_random();
    char text[UUID_TEXT_BYTES];
    uuid_format(&id, text);
    buffer_printf(out, "Message-ID: <%s@%s>\r\n", text, at == NULL ? "localhost" : at + 1);
}

enum err mail_text_write(const struct mail *mail, struct buffer *out)
{
    if (!is_safe_address(mail->to) || !is_safe_address(bytes_of_str(mail->from)))
        return ERR_INVALID_EMAIL;
    append_date(out, mail->now_unix_ms);
    buffer_printf(out, "From: Letterlock <%s>\r\n", mail->from);
    buffer_printf(out, "To: <%.*s>\r\n", BYTES_FMT(mail->to));
    buffer_printf(out, "Subject: %s\r\n", subject_of(mail));
    append_message_id(out, mail->from);
    /* RFC 3834: keeps vacation responders silent. */
    buffer_append_str(out, "Auto-Submitted: auto-generated\r\n"
                           "MIME-Version: 1.0\r\n"
                           "Content-Type: text/plain; charset=utf-8\r\n"
                           "Content-Transfer-Encoding: 8bit\r\n\r\n");
    append_text(out, mail);
    return buffer_ok(out) ? ERR_OK : ERR_INTERNAL;
}
