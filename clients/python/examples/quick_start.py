"""From an event to a list, its next page, and where it came from."""

import os

from recolake_client import Recolake, errors

with Recolake(os.environ["RECOLAKE_URL"], os.environ["RECOLAKE_API_KEY"]) as shop:
    shop.put_item("85123A", title="Heart lamp", price=2.55, available=True)
    kept = shop.send_events(
        [
            {"type": "view", "item_id": "85123A", "user_id": "17850", "time": "2026-02-01T10:00:00Z"},
            {"type": "cart", "item_id": "85123A", "user_id": "17850", "time": "2026-02-01T10:00:09Z"},
        ]
    )
    print(f"{kept['accepted']} events kept, {kept['rejected']} refused")

    for number, page in enumerate(shop.pages(shop.recommend, user_id="17850", k=5), start=1):
        print(f"page {number}: {', '.join(item['item_id'] for item in page['items'])}")
        if number == 2:
            break

    receipt = shop.receipt(page["recommendation_id"])
    print(f"made by model version {receipt['model']['version']}")

    try:
        shop.recommend(user_id="17850", filter="price < ")
    except errors.InvalidExpressionError as error:
        print(f"refused: {error.code}, character {error.members['position']}")
