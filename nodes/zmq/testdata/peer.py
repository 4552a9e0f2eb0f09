"""A libzmq peer for the interoperability tests, driven by lines on stdin, reporting on stdout.

peer.py proxy                  a zmq_proxy as Zeek runs it (XPUB_VERBOSER, XPUB_NODROP); says "xpub <endpoint>", "xsub <endpoint>"
peer.py node <xsub> <xpub>     a node as Zeek opens it, connecting its XPUB to the broker's <xsub>, its XSUB to <xpub>
peer.py push <endpoint>...     a PUSH connecting to all endpoints
peer.py pull                   a PULL; says "at <endpoint>"

Commands: "+<topic>", "-<topic>", "> frame|frame|..." (send), "burst <n> <topic>", "quit" (orderly end).
Reports:  "+<topic>", "-<topic>" from the XPUB, "frame|frame|..." for a message, "lost" for a lost connection, "again" for
a message not taken. With PEER_HEARTBEAT=<ms> all sockets ping.

With Zeek's variables for CURVE keys in the environment all sockets are CURVE clients or servers, and servers accept the
one client key, as Zeek's do; "denied <status>" reports an ERROR of a server.
"""
import os
import sys
import threading
import time

import zmq
import zmq.utils.z85
from zmq.utils.monitor import recv_monitor_message

context = zmq.Context()
heartbeat = int(os.environ.get("PEER_HEARTBEAT", "0"))
poller = zmq.Poller()
monitors = []


def say(data):
    if isinstance(data, str):
        data = data.encode()
    os.write(1, data + b"\n")


def key(name):
    return os.environ.get("ZEEK_CLUSTER_BACKEND_ZEROMQ_CURVE_" + name, "").encode()


def secure(s, server):
    """What Zeek 8.2 does with the keys, if there are any."""
    if server and key("SERVER_SECRETKEY"):
        s.curve_server = True
        s.curve_secretkey = key("SERVER_SECRETKEY")
    elif not server and key("SERVER_PUBLICKEY"):
        s.curve_serverkey = key("SERVER_PUBLICKEY")
        s.curve_publickey = key("CLIENT_PUBLICKEY")
        s.curve_secretkey = key("CLIENT_SECRETKEY")


def zap():
    """Answers whether a client's key is the accepted one (ZAP, RFC 27)."""
    s = context.socket(zmq.REP)
    s.linger = 0
    s.bind("inproc://zeromq.zap.01")
    accepted = zmq.utils.z85.decode(key("CLIENT_PUBLICKEY"))
    while True:
        try:
            version, request, domain, address, identity, mechanism, *credentials = s.recv_multipart()
        except zmq.ContextTerminated:
            return s.close()
        good = mechanism == b"CURVE" and credentials[0] == accepted
        s.send_multipart([version, request, *((b"200", b"OK", b"0") if good else (b"400", b"Invalid ZAP request", b"")), b""])


def socket(kind, **options):
    s = context.socket(kind)
    secure(s, kind == zmq.PULL)
    s.linger = 5000
    if heartbeat:
        s.setsockopt(zmq.HEARTBEAT_IVL, heartbeat)
        s.setsockopt(zmq.HEARTBEAT_TIMEOUT, 5 * heartbeat)
    for name, value in options.items():
        s.setsockopt(getattr(zmq, name), value)
    m = s.get_monitor_socket(zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_AUTH)
    poller.register(m, zmq.POLLIN)
    monitors.append(m)
    poller.register(s, zmq.POLLIN)
    return s


def report(s):
    while True:
        try:
            frames = s.recv_multipart(zmq.DONTWAIT)
        except zmq.Again:
            return
        if s.type == zmq.XPUB and frames[0][:1] in (b"\0", b"\1"):
            say((b"-", b"+")[frames[0][0]] + frames[0][1:])
        else:
            say(b"|".join(frames))


def send(s, frames):
    try:
        s.send_multipart(frames, zmq.DONTWAIT)
    except zmq.Again:
        say("again")


def burst(s, frames, readable):
    """Sends as soon as possible, and reads meanwhile: with heartbeats, libzmq hangs up when nobody reads."""
    while True:
        for r in readable:
            report(r)
        try:
            return s.send_multipart(frames, zmq.DONTWAIT)
        except zmq.Again:
            poller.poll(1)


def loop(readable, sender=None, subscriber=None):
    """Serves commands and reports until "quit" or the end of stdin."""
    poller.register(0, zmq.POLLIN)
    pending = b""
    while True:
        ready = dict(poller.poll())
        for m in monitors:
            if m in ready:
                event = recv_monitor_message(m)
                if event["event"] == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
                    say("denied %d" % event["value"])
                else:
                    say("lost")
        for s in readable:
            report(s)
        if 0 not in ready:
            continue
        data = os.read(0, 65536)
        if not data:
            os._exit(0)
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            if line == b"quit":
                for s in [s for s in readable if s.type != zmq.XPUB] + [sender]:
                    if s is not None and not s.closed:
                        s.disable_monitor()
                        s.close()
                for m in monitors:
                    m.close(0)
                context.term()
                return
            if line.startswith(b"> "):
                send(sender, line[2:].split(b"|"))
            elif line.startswith(b"burst "):
                _, n, topic = line.split(b" ")
                for i in range(int(n)):
                    burst(sender, [topic, str(i).encode()], readable)
            elif line[:1] in (b"+", b"-"):
                subscriber.send((b"\0", b"\1")[line[:1] == b"+"] + line[1:])


def main(kind, *endpoints):
    if key("SERVER_SECRETKEY") and kind in ("proxy", "pull"):
        threading.Thread(target=zap, daemon=True).start()
        time.sleep(0.1)  # until it is bound; without it libzmq lets everybody in
    if kind == "proxy":
        xpub, xsub = context.socket(zmq.XPUB), context.socket(zmq.XSUB)
        xpub.setsockopt(zmq.XPUB_VERBOSER, 1)
        xpub.setsockopt(zmq.XPUB_NODROP, 1)
        for name, s in ("xpub", xpub), ("xsub", xsub):
            secure(s, True)
            s.bind("tcp://127.0.0.1:*")
            say(name + " " + s.last_endpoint.decode().rstrip("\0"))
        threading.Thread(target=zmq.proxy, args=(xsub, xpub), daemon=True).start()
        sys.stdin.read()
        os._exit(0)
    elif kind == "node":
        xpub = socket(zmq.XPUB, XPUB_VERBOSE=1, XPUB_NODROP=1)
        xsub = socket(zmq.XSUB)
        xpub.connect(endpoints[0])
        xsub.connect(endpoints[1])
        loop([xpub, xsub], sender=xpub, subscriber=xsub)
    elif kind == "push":
        push = socket(zmq.PUSH)
        for e in endpoints:
            push.connect(e)
        loop([], sender=push)
    elif kind == "pull":
        pull = socket(zmq.PULL)
        pull.bind("tcp://127.0.0.1:*")
        say("at " + pull.last_endpoint.decode().rstrip("\0"))
        loop([pull])


main(*sys.argv[1:])
