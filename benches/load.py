#!/usr/bin/env python3
"""Loads a running `duijie serve` on this machine and prints a table of latencies.

Usage: python3 benches/load.py --url http://127.0.0.1:8787 --token-file token.txt [--seconds 60]

Only loopback addresses are taken, and rates and duration are bounded. Requests are sent at their times
whether or not earlier ones were answered (an open loop), so that a slow server is not spared; a
latency counts from the time at which a request was due. Nothing but the standard library is used.
"""

import argparse
import asyncio
import json
import os
import random
import resource
import sys
import time
from urllib.parse import quote, urlsplit

LONGEST_SECONDS = 1_200
MOST_PER_SECOND = 2_000


class Client:
    """A pool of connections that stay open."""

    def __init__(self, host, port, token):
        self.host, self.port, self.token, self.idle = host, port, token, []

    async def ask(self, method, path, body=None):
        """Returns the status; 0 where the connection failed."""
        data = json.dumps(body).encode() if body is not None else b""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Authorization: Bearer {self.token}\r\n"
        )
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        for attempt in range(2):
            fresh = not self.idle
            try:
                if fresh:
                    reader, writer = await asyncio.open_connection(self.host, self.port)
                else:
                    reader, writer = self.idle.pop()
                writer.write(head.encode() + b"\r\n" + data)
                top = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                status = int(top.split(" ", 2)[1])
                if "transfer-encoding: chunked" in top:
                    while True:
                        size = int((await reader.readline()).strip() or b"0", 16)
                        await reader.readexactly(size + 2)
                        if size == 0:
                            break
                elif "content-length:" in top:
                    length = int(top.split("content-length:", 1)[1].split("\r\n", 1)[0])
                    await reader.readexactly(length)
                self.idle.append((reader, writer))
                return status
            except (OSError, asyncio.IncompleteReadError, ValueError):
                # A connection that had been idle may have been closed meanwhile.
                if fresh or attempt:
                    return 0
        return 0


def percentile(values, share):
    """Nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


async def run_phase(client, requests, rate, seconds):
    """Sends `requests()` at `rate` per second; returns latencies in ms by kind, and statuses."""
    latencies, statuses, tasks = {}, {}, set()

    async def one(kind, method, path, body, due):
        status = await client.ask(method, path, body)
        statuses[(kind, status)] = statuses.get((kind, status), 0) + 1
        if status == 200:
            latencies.setdefault(kind, []).append(1_000 * (time.perf_counter() - due))

    start = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = start + number / rate
        wait = due - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(one(*requests(), due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    if tasks:
        await asyncio.wait(tasks, timeout=60)
    return latencies, statuses


def resident_mib(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    return float("nan")


def table(name, rate, seconds, latencies, statuses):
    for kind in sorted({kind for kind, _ in statuses}):
        of_kind = {status: n for (other, status), n in statuses.items() if other == kind}
        values = latencies.get(kind, [])
        good, shed = of_kind.get(200, 0), of_kind.get(429, 0) + of_kind.get(503, 0)
        wrong = sum(of_kind.values()) - good - shed
        print(
            f"| {name} | {kind} | {rate:g}/s × {seconds:g} s | {percentile(values, 0.5):.1f} | "
            f"{percentile(values, 0.99):.1f} | {good} | {shed} | {wrong} |",
            flush=True,
        )


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8787")
    parser.add_argument("--token-file", required=True, help="file with a token that may read and match")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pages", type=float, default=100, help="searches and records per second")
    parser.add_argument("--matches", type=float, default=20, help="pasted demands per second")
    parser.add_argument("--overload", type=float, default=5, help="factor of the overload; 0 for none")
    parser.add_argument("--pid", type=int, help="process of the server, to watch its memory")
    options = parser.parse_args()
    address = urlsplit(options.url)
    if address.hostname not in ("127.0.0.1", "localhost", "::1"):
        sys.exit("only a server on this machine is loaded")
    if options.seconds > LONGEST_SECONDS or options.pages > MOST_PER_SECOND or options.matches > MOST_PER_SECOND:
        sys.exit(f"at most {LONGEST_SECONDS} seconds and {MOST_PER_SECOND} requests per second")
    # A connection is an open file.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    with open(options.token_file, encoding="ascii") as file:
        token = file.read().strip()
    client = Client(address.hostname, address.port or 80, token)

    words = ["激光 检测", "碳化硅", "污水处理 膜", "新能源 电池", "图像识别", "传感器", "催化剂", "数控机床"]
    ids = {"demand": [], "supply": []}
    texts = []
    import urllib.request

    def fetch(path):
        request = urllib.request.Request(options.url + path, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    for side, place in (("demand", "demands"), ("supply", "supplies")):
        for word in words:
            for record in fetch(f"/api/v1/search?side={side}&limit=50&q={quote(word)}")["records"]:
                ids[side].append(record["id"])
        if side == "demand":
            for one in ids[side][:50]:
                record = fetch(f"/api/v1/{place}/{quote(one, safe='')}")
                texts.append(record["title"] + "\n" + record["body"])
    if not ids["demand"] or not ids["supply"]:
        sys.exit("the server finds nothing for the words of this script")
    chance = random.Random(20260101)

    def pages():
        side = chance.choice(["demand", "supply"])
        if chance.random() < 0.5:
            word = " ".join(chance.sample(words, 2))
            return "search", "GET", f"/api/v1/search?side={side}&q={quote(word)}", None
        place = "demands" if side == "demand" else "supplies"
        one = quote(chance.choice(ids[side]), safe="")
        return "record", "GET", f"/api/v1/{place}/{one}/matches", None

    def matches():
        text = chance.choice(texts)
        cut = chance.randint(0, max(0, len(text) - 40))
        return "match", "POST", "/api/v1/match", {"side": "demand", "text": text[: len(text) - cut // 4], "top": 10}

    print("| phase | request | load | p50 ms | p99 ms | 200 | 429/503 | errors |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    await run_phase(client, pages, 20, 3)
    await run_phase(client, matches, 4, 3)
    before = resident_mib(options.pid) if options.pid else float("nan")
    for name, requests, rate in (("pages", pages, options.pages), ("match", matches, options.matches)):
        if rate > 0:
            table(name, rate, options.seconds, *await run_phase(client, requests, rate, options.seconds))
    if options.overload > 0:
        seconds = min(options.seconds, 20)
        rate = options.matches * options.overload
        table("overload", rate, seconds, *await run_phase(client, matches, rate, seconds))
        table("after it", options.pages, 10, *await run_phase(client, pages, options.pages, 10))
    if options.pid:
        after = resident_mib(options.pid)
        print(f"memory of process {options.pid}: {before:.0f} MiB before, {after:.0f} MiB after")
    print(f"cores: {os.cpu_count()}, shared with this script")


if __name__ == "__main__":
    asyncio.run(main())
