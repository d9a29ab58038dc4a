#!/usr/bin/env python3
"""An example client of duijie's HTTP interface: nothing but the standard library.

    export DUIJIE_URL=http://127.0.0.1:8787 DUIJIE_TOKEN=dj_…
    python3 duijie_client.py search supply 激光焊缝检测
    python3 duijie_client.py match 需求.txt
    python3 duijie_client.py pair XQ-2026-0012 GJ-2026-0345

With curl:

    curl -H "Authorization: Bearer $DUIJIE_TOKEN" "$DUIJIE_URL/api/v1/search?side=supply&q=%E7%84%8A%E7%BC%9D"
    curl -H "Authorization: Bearer $DUIJIE_TOKEN" -H "Content-Type: application/json" \\
         -d '{"side":"demand","text":"需要在线检测激光焊缝的气孔"}' "$DUIJIE_URL/api/v1/match"

All requests and answers are described at $DUIJIE_URL/api/v1/docs.
"""

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request


class Duijie:
    """Asks a server; raises RuntimeError with what the server says and what to do."""

    def __init__(self, url, token):
        self.url, self.token = url.rstrip("/"), token

    def ask(self, path, parameters=None, body=None):
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/v1{path}{query}", data, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            problem = json.loads(error.read())
            raise RuntimeError(f"{problem['detail']} — {problem['remedy']}") from None

    def search(self, side, text, pages=1):
        """Yields the records of the first pages."""
        after = None
        for _ in range(pages):
            parameters = {"side": side, "q": text} | ({"after": after} if after else {})
            page = self.ask("/search", parameters)
            yield from page["records"]
            after = page["next"]
            if after is None:
                return

    def match(self, text, side="demand"):
        return self.ask("/match", body={"side": side, "text": text})

    def pair(self, demand, supply):
        return self.ask("/pairs", {"demand": demand, "supply": supply})


def main(arguments):
    server = Duijie(os.environ.get("DUIJIE_URL", "http://127.0.0.1:8787"), os.environ["DUIJIE_TOKEN"])
    match arguments:
        case ["search", side, *words]:
            for record in server.search(side, " ".join(words)):
                print(record["number"], record["title"], record["organization"] or "", sep="\t")
        case ["match", path]:
            with open(path, encoding="utf-8") as file:
                answer = server.match(file.read())
            print(answer["verdict"])
            for pair in answer["pairs"]:
                print(f"{pair['probability']:.0%}", pair["verdict"], pair["supply"]["number"], pair["supply"]["title"], sep="\t")
        case ["pair", demand, supply]:
            print(json.dumps(server.pair(demand, supply), ensure_ascii=False, indent=2))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
