"""Asks the reference implementation of Pact, a line of JSON at a time."""

import json
import os
import pathlib
import sys

from pact import Verifier

import expect

SERVERS = []


def write(order):
    for version in "234":
        pact = expect.http(version, f"http{version}")
        expect.answers(pact, version)
        pact.write_file(order["dir"])
    for version in "34":
        pact = expect.http(version, f"messages{version}")
        expect.messages(pact)
        pact.write_file(order["dir"])
    return sorted(p.name for p in pathlib.Path(order["dir"]).iterdir())


def serve(order):
    """One server for each request, as one finds the nearest of several."""
    found = []
    for version in "234":
        for name, make in expect.requests().items():
            consumer = f"request{version}-{len(found)}"
            pact = expect.http(version, consumer)
            make(pact).will_respond_with(200)
            server = pact.serve(raises=False, verbose=False)
            server.__enter__()
            SERVERS.append((pact, server))
            pact.write_file(order["dir"])
            found.append({"name": name, "url": str(server.url), "pact": f"{consumer}-provider.json"})
    return found


def verify(order):
    verifier = Verifier("provider", host="127.0.0.1")
    verifier.add_transport(protocol="http", port=order["port"], scheme="http", path="/")
    if order.get("messages"):
        verifier.add_transport(protocol="message", port=order["port"], scheme="http", path=order["messages"])
    if order.get("states"):
        verifier.state_handler(order["states"], body=True, teardown=True)
    verifier.set_coloured_output(enabled=False)
    verifier.add_source(order["pact"])
    try:
        verifier.verify()
    except RuntimeError:
        pass
    return verifier.results


ORDERS = {"write": write, "serve": serve, "verify": verify}


def main():
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps({"answer": ORDERS[order["do"]](order)}), file=OUT, flush=True)


if __name__ == "__main__":
    # The library writes reports to descriptor 1.
    OUT = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    main()
