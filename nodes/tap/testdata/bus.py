# A bus on libzmq as a Zeek manager has it: the central broker (zmq_proxy), and
# one node, which subscribes "zv." and its node id.
#
#   bus.py
#
# Prints "at XSUB XPUB", where to connect to; then "+topic" and "-topic" for each
# subscription that the node sees, and "got" with the frames of a message in hex.
# Reads lines of frames in hex, one after the other, which the node publishes.
# Ends when stdin does.
import os
import sys
import threading

import zmq

out = threading.Lock()


def say(*words):
    with out:
        print(*words, flush=True)


ctx = zmq.Context()
broker_xpub, broker_xsub = ctx.socket(zmq.XPUB), ctx.socket(zmq.XSUB)
broker_xpub.setsockopt(zmq.XPUB_VERBOSER, 1)
broker_xpub.setsockopt(zmq.XPUB_NODROP, 1)
broker_xpub.bind("tcp://127.0.0.1:*")
broker_xsub.bind("tcp://127.0.0.1:*")
connect_xsub, connect_xpub = (s.getsockopt_string(zmq.LAST_ENDPOINT) for s in (broker_xpub, broker_xsub))
threading.Thread(target=zmq.proxy, args=(broker_xsub, broker_xpub), daemon=True).start()

xpub, xsub = ctx.socket(zmq.XPUB), ctx.socket(zmq.XSUB)
xpub.setsockopt(zmq.XPUB_VERBOSE, 1)
xpub.connect(connect_xpub)
xsub.connect(connect_xsub)
for topic in (b"zv.", b"zeek.cluster.nodeid.zeromq_worker-1_libzmq_7_Nabc.", b"zeek.cluster.worker"):
    xsub.send(b"\x01" + topic)
say("at", connect_xsub, connect_xpub)

poller = zmq.Poller()
for source in (xpub, xsub, sys.stdin):
    poller.register(source, zmq.POLLIN)
while True:
    for source, _ in poller.poll():
        if source is xpub:
            frame = xpub.recv()
            say("-+"[frame[0]] + frame[1:].decode())
        elif source is xsub:
            say("got", *(f.hex() for f in xsub.recv_multipart()))
        else:
            line = sys.stdin.readline()
            if not line:
                os._exit(0)
            xpub.send_multipart([bytes.fromhex(f) for f in line.strip("\n").split(" ")])
