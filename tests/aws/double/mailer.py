"""Sends what Cognito, SNS and SES would have mailed by SMTP, in their words as far as they matter."""

import email.message
import email.utils
import queue
import smtplib
import socket
import sys
import threading

SENDER = "no-reply@letterlock.example"
WAITING_MAX = 1000
TRIES = 30
RETRY_SECONDS = 1
SMTP_SECONDS = 10
TROUBLE_THAT_PASSES = (ConnectionError, TimeoutError, socket.gaierror, smtplib.SMTPConnectError,
                       smtplib.SMTPServerDisconnected)


class Mailer:
    """address: (host, port) of the mail server; confirmation_url(topic, token): what confirms a
    subscription to a topic."""

    def __init__(self, address, confirmation_url):
        self._address = address
        self._confirmation_url = confirmation_url
        self._waiting = queue.Queue(WAITING_MAX)
        self._stopped = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def send(self, mail):
        """Takes a mail of the mailbox; never waits."""
        try:
            self._waiting.put_nowait(mail)
        except queue.Full:
            _complain("too many wait")

    def stop(self):
        self._stopped.set()

    def _run(self):
        while not self._stopped.is_set():
            try:
                mail = self._waiting.get(timeout=RETRY_SECONDS)
            except queue.Empty:
                continue
            self._deliver(self._compose(mail))

    def _deliver(self, message):
        trouble = None
        for _ in range(TRIES):
            try:
                with smtplib.SMTP(*self._address, timeout=SMTP_SECONDS) as smtp:
                    smtp.send_message(message)
                return
            except TROUBLE_THAT_PASSES as e:
                trouble = e
            except (OSError, ValueError) as e:  # SMTPException is an OSError
                trouble = e
                break
            if self._stopped.wait(RETRY_SECONDS):
                return
        _complain(repr(trouble))

    def _compose(self, mail):
        subject, text = self._words(mail)
        message = email.message.EmailMessage()
        message["From"] = mail.get("sender", SENDER)
        message["To"] = f"<{mail['to']}>"
        message["Date"] = email.utils.formatdate()
        message["Message-ID"] = email.utils.make_msgid(domain="letterlock.example")
        message["Subject"] = subject
        message.set_content(text)
        return message

    def _words(self, mail):
        if mail["kind"] == "signup":
            return "Your verification code", f"Your confirmation code is {mail['code']}"
        if mail["kind"] == "forgot":
            return "Your verification code", f"Your password reset code is {mail['code']}"
        if mail["kind"] == "subscription":
            return "AWS Notification - Subscription Confirmation", (
                f"You have chosen to subscribe to the topic:\n{mail['topic']}\n\n"
                "To confirm this subscription, visit the address below. If this was in error no "
                "action is necessary.\n"
                f"{self._confirmation_url(mail['topic'], mail['token'])}\n")
        return mail["subject"], mail["text"]


def _complain(what):
    print(f"double: a mail is lost: {what}", file=sys.stderr, flush=True)
