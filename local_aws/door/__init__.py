"""The door to a workshop on one machine: what a browser can reach of the embedded AWS, whose certificate it would not
trust and whose hosts it cannot name.

    http://127.0.0.1:PORT/         the web app: the HTTP API of the deployed stack, and the inbox
    http://localhost:(PORT + 1)/   what presigned addresses lead to: objects, as S3 has them

The two are different *sites* to a browser (cookies ignore ports, but not names): what somebody has uploaded cannot act
for the app. Neither adds anything that AWS would not, but the inbox: what works here works there.

sockets    the two ports
peers      HTTP/1.1 over a stream, the one side or the other
upstream   the connections to the embedded AWS
entrances  what each of the two takes, and hands on
door       `LocalDoor`: both of them, on a thread of their own
"""

from local_aws.door.door import APP_PORT, LocalDoor

__all__ = ["APP_PORT", "LocalDoor"]
