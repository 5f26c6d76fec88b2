from __future__ import annotations

import io

import pytest
from benchmarks.pattern_map_plot import few_colours

SIZE = 200
GENRES = ((127, 156, 255), (255, 176, 84), (185, 155, 255), (255, 133, 120), (110, 203, 255), (220, 215, 101))


def test_a_picture_of_many_colours_gets_few_and_those_of_a_few_dots_stay() -> None:
    image = pytest.importorskip("PIL.Image")
    many = image.new("RGB", (SIZE, SIZE))
    many.putdata([(x // 2, y // 2, (x * y) % 90) for y in range(SIZE) for x in range(SIZE)])
    for n, colour in enumerate(GENRES):
        many.paste(colour, (20 * n, 10, 20 * n + 2, 12))  # four dots of forty thousand
    whole = io.BytesIO()
    many.save(whole, "PNG")

    small = few_colours(whole.getvalue())

    few = image.open(io.BytesIO(small)).convert("RGB")
    assert len(few.getcolors(SIZE * SIZE)) <= 256
    for n, colour in enumerate(GENRES):
        assert few.getpixel((20 * n, 10)) == pytest.approx(colour, abs=16)
