# Somebody on libzmq who shares tables, as Zeek 8.2 does (spec: wire 1.4, 4.4).
#
#   libzmq_table.py ID XSUB XPUB
#
# Subscribes zeek/table/, and prints "ready" when somebody else does, too; then each
# message as topic, sender, format and payload in hex. Publishes each line of its
# stdin, a topic and a payload in hex, and ends when stdin does.
import sys

import zmq

my_id, xsub_endpoint, xpub_endpoint = sys.argv[1:4]
ctx = zmq.Context()
xpub = ctx.socket(zmq.XPUB)
xpub.setsockopt(zmq.XPUB_VERBOSE, 1)
xpub.setsockopt(zmq.XPUB_NODROP, 1)
xpub.connect(xpub_endpoint)
xsub = ctx.socket(zmq.XSUB)
xsub.connect(xsub_endpoint)
own = b"zeek.zeromq.internal." + my_id.encode() + b".1."

poller = zmq.Poller()
for what in (xpub, xsub, sys.stdin.fileno()):
    poller.register(what, zmq.POLLIN)
seen = set()
asked = ready = False
while True:
    for what, _ in poller.poll():
        if what is xpub:
            notice = xpub.recv()
            if notice[:1] == b"\x01":
                seen.add(notice[1:])
        elif what is xsub:
            topic, sender, fmt, payload = xsub.recv_multipart()
            if sender == my_id.encode():
                continue
            print(topic.decode(), sender.decode(), fmt.decode(), payload.hex(), flush=True)
        else:
            line = sys.stdin.readline().split()
            if not line:
                sys.exit()
            xpub.send_multipart([line[0].encode(), my_id.encode(), b"broker-bin-v1", bytes.fromhex(line[1])])
    # Others have tables by now; what is subscribed next comes round behind that.
    if b"zeek/table/" in seen and not asked:
        asked = True
        xsub.send(b"\x01zeek/table/")
        xsub.send(b"\x01" + own)
    if own in seen and not ready:
        ready = True
        print("ready", flush=True)
