"""What a scraper reads: the samples of a page, each by its name with its labels."""

import re

import httpx2 as httpx

_SAMPLE = re.compile(r'([a-z_]+(?:\{(?:[a-z]+="[^"\\\n]*",?)+\})?) (\S+)\Z')


async def scraped(port: int | None) -> dict[str, float]:
    async with httpx.AsyncClient(timeout=20) as client:
        reply = await client.get(f"http://127.0.0.1:{port}/metrics")
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    return samples(reply.text)


def samples(page: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for line in page.splitlines():
        if line.startswith("# "):
            continue
        sample = _SAMPLE.match(line)
        assert sample is not None, line
        found[sample[1]] = float(sample[2])
    return found
