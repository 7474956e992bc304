"""A mail server for tests: aiosmtpd with the faults that its only argument, a JSON text, names.

Each accepted message and each log-on is a line of JSON in the file `inbox`.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

CONFIG = json.loads(sys.argv[1])


def note(line):
    with open(CONFIG["inbox"], "a", encoding="utf-8") as inbox:
        inbox.write(json.dumps(line) + "\n")


def verdict(address, words):
    return words if address in CONFIG["refuses"] else "250 OK"


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return verdict(address, "553 5.7.1 Sender address rejected")

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = verdict(address, "550 5.1.1 No such user here")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        if CONFIG["hangs"]:
            await asyncio.Event().wait()
        if CONFIG["fails"]:
            return "451 4.3.0 Try again later"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
        note({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "encrypted": session.ssl is not None or CONFIG["tls"] == "implicit",
            "user": session.auth_data.login.decode() if session.authenticated else None,
            "headers": {name.lower(): str(value) for name, value in message.items()},
            "text": parts.get("text/plain"),
            "html": parts.get("text/html"),
        })
        return "250 OK"


def authenticator(server, session, envelope, mechanism, data):
    note({"logOn": data.login.decode()})
    is_right = data.login == b"lifeboat" and data.password.decode() == CONFIG["password"]
    return AuthResult(success=is_right, handled=False, auth_data=data)


def context():
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(CONFIG["certificate"], CONFIG["key"])
    return made


async def main():
    tls = CONFIG["tls"]

    def session():
        return SMTP(
            Handler(),
            hostname="mail.test",
            tls_context=context() if tls == "starttls" else None,
            authenticator=authenticator if CONFIG["password"] is not None else None,
            auth_require_tls=tls == "starttls",
        )

    implicit = context() if tls == "implicit" else None
    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", CONFIG["port"], ssl=implicit)
    await server.serve_forever()


asyncio.run(main())
