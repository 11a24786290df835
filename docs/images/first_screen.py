"""Make `boston_mortgages.png`, the picture in README.md, from `reports/small`.

    audit demo -o reports/small --charts none
    python docs/images/first_screen.py

Needs Chromium, playwright and Pillow (`pip install ".[test]"`). 1280 × 800, light, 128 colours.
"""

from __future__ import annotations

import io
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "reports" / "small" / "boston_mortgages.html"
PICTURE = Path(__file__).with_name("boston_mortgages.png")
CHROMIUM = "/usr/bin/chromium"


def main() -> None:
    """Take the picture and write it with a small palette."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")
        page.goto(PAGE.as_uri())
        shot = page.screenshot()
        browser.close()
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    few = image.quantize(128, dither=Image.Dither.NONE)
    few.save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
