"""A client of a WebSocket server, with Debian's python3-websockets: what ZeekControl
does for print, netstats and peerstatus, one short connection a command, and then what
people do with such a client.

    websocket_client.py URL CA-FILE NODE...

Prints a line for whatever came; nothing is sent or expected but what ZeekControl's
events.py and Zeek's own tests send and expect (spec: websocket 16, 17).
"""

import asyncio
import json
import ssl
import sys

import websockets

url, ca, nodes = sys.argv[1], sys.argv[2], sys.argv[3:]
tls = ssl.create_default_context(cafile=ca) if url.startswith("wss:") else None


def connect(app):
    return websockets.connect(
        url + "/v1/messages/json", ssl=tls, open_timeout=10, close_timeout=10,
        extra_headers={"X-Application-Name": app})


def typed(value):
    if isinstance(value, int):
        return {"@data-type": "count", "data": value}
    return {"@data-type": "string", "data": value}


def message(topic, name, *args):
    event = [typed(name), {"@data-type": "vector", "data": [typed(a) for a in args]}]
    return json.dumps({
        "type": "data-message", "topic": topic, "@data-type": "vector",
        "data": [typed(1), typed(1), {"@data-type": "vector", "data": event}]})


def event(text):
    m = json.loads(text)
    assert m["type"] == "data-message", m
    name, args = m["data"][2]["data"][:2]
    return m["topic"], name["data"], [a["data"] for a in args["data"]]


async def subscribe(ws, *topics):
    await ws.send(json.dumps(topics))
    ack = json.loads(await asyncio.wait_for(ws.recv(), 10))
    assert list(ack) == ["type", "endpoint", "version"] and ack["type"] == "ack", ack
    return ack["endpoint"]


async def ask(ws, request, wanted):
    """Sends a request until it is answered: as on any ZeroMQ bus, the node that answers may
    not have heard yet that somebody wants that, and then nobody gets it."""
    for _ in range(15):
        await ws.send(request)
        try:
            return await asyncio.wait_for(hear(ws, wanted), 2)
        except asyncio.TimeoutError:
            pass
    raise TimeoutError("no answer to " + request[:200])


async def hear(ws, wanted):
    while True:
        topic, name, values = event(await ws.recv())
        if wanted(topic, values):
            return topic, name, values


async def control(what, answer, *args):
    async with connect("zeekctl/2.6.0") as ws:
        await subscribe(ws, "zeek/control")
        for node in nodes:
            topic, name, values = await ask(
                ws, message("zeek.cluster.node." + node + ".", "Control::" + what + "_request", *args),
                lambda topic, _: topic.rsplit("/", 1)[-1] == node)
            assert name == "Control::" + answer, (topic, name)
            print(what, node, " ".join(values).strip().split("=")[0])


async def people():
    async with connect("python/a") as a, connect("python/b") as b:
        ids = [await subscribe(a, "test/"), await subscribe(b, "test/pong")]
        assert ids[0] != ids[1]
        long = "ü" * 200000  # answered in a message of less than its 1 MiB
        for text in ("hi", "control \x01\x0b", long):
            def pong(_, values):
                return values == [text, 42]
            for heard in (
                    await ask(a, message("test/ping", "ping", text, 41), pong),
                    await asyncio.wait_for(hear(b, pong), 30)):
                assert heard == ("test/pong", "pong", [text, 42]), heard[:2]
        await a.send(b"\xff not JSON")
        error = json.loads(await asyncio.wait_for(a.recv(), 30))
        while error["type"] == "data-message":  # the answer to what was asked again
            error = json.loads(await asyncio.wait_for(a.recv(), 30))
        print(error["type"], error["code"], error["context"])
        await (await a.ping())  # answered
        print("pong")
    print("closed", a.close_code, b.close_code)
    async with websockets.connect(url + "/nowhere", ssl=tls) as ws:
        print(json.loads(await ws.recv())["code"])
        try:
            await ws.recv()
        except websockets.ConnectionClosed as e:
            print("closed", e.rcvd.code, e.rcvd.reason)


async def main():
    await control("net_stats", "net_stats_response")
    await control("peer_status", "peer_status_response")
    await control("id_value", "id_value_response", "Cluster::node")
    await people()
    async with connect("python/waits") as ws:
        await subscribe(ws)
        print("ready", flush=True)
        try:
            await asyncio.wait_for(ws.recv(), 60)
        except websockets.ConnectionClosedOK as e:  # 1001, too
            print("closed", e.rcvd.code, e.rcvd.reason)


asyncio.run(main())
