/** Which models fit what was typed, and under whose name they stand. */
import type { Model } from "../../api/client";

export interface Offer {
  provider: string;
  models: Model[];
}

/** Every word has to be in the name, the id or the provider, in any order: "mini gpt" finds gpt-4o-mini. */
export function findModels(models: Model[], typed: string): Offer[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const offers = new Map<string, Model[]>();
  for (const model of models) {
    const text = `${model.name} ${model.id} ${model.provider}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    const offered = offers.get(model.provider);
    if (offered) offered.push(model);
    else offers.set(model.provider, [model]);
  }
  return [...offers].map(([provider, offered]) => ({ provider, models: offered }));
}

/** "128k" and "1M", as people speak of it; what is no multiple of 1,000 is one of 1,024. */
export function contextSize(tokens: number): string {
  const thousand = tokens % 1000 === 0 ? 1000 : 1024;
  const thousands = tokens / thousand;
  if (thousands < 1) return String(tokens);
  if (thousands < thousand) return `${Math.round(thousands)}k`;
  return `${Math.round((thousands / thousand) * 10) / 10}M`;
}
