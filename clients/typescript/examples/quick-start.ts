/** From an event to a list, its next page, and where it came from. */

import { ApiError, Recolake } from "../src/index.js";

const shop = new Recolake(process.env.RECOLAKE_URL ?? "", process.env.RECOLAKE_API_KEY);

await shop.putItem("85123A", { title: "Heart lamp", price: 2.55, available: true });
const kept = await shop.sendEvents([
  { type: "view", item_id: "85123A", user_id: "17850", time: "2026-02-01T10:00:00Z" },
  { type: "cart", item_id: "85123A", user_id: "17850", time: "2026-02-01T10:00:09Z" },
]);
console.log(`${kept.accepted} events kept, ${kept.rejected} refused`);

let number = 0;
let last = "";
for await (const page of shop.pages((next) => shop.recommend({ user_id: "17850", k: 5, ...next }))) {
  console.log(`page ${++number}: ${page.items.map((item) => item.item_id).join(", ")}`);
  last = page.recommendation_id;
  if (number === 2) break;
}

const receipt = await shop.receipt(last);
console.log(`made by model version ${receipt.model.version}`);

try {
  await shop.recommend({ user_id: "17850", filter: "price < " });
} catch (error) {
  if (!(error instanceof ApiError) || error.code !== "invalid_expression") throw error;
  console.log(`refused: ${error.code}, character ${error.members.position}`);
}
