/** The model a conversation uses: chosen now, else its last one, else the reader's last one. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Model } from "../../api/client";
import { modelsQuery } from "../../api/models";
import { load, save } from "../../lib/storage";

export function useModelChoice(lastUsed: string | null): [string | null, (id: string) => void] {
  const { data: models } = useQuery(modelsQuery);
  const [chosen, setChosen] = useState<string | null>(null);
  const choose = (id: string) => {
    setChosen(id);
    save("model", id);
  };
  return [firstOffered(models ?? [], [chosen, lastUsed, load("model")]), choose];
}

export function firstOffered(models: Model[], wishes: (string | null)[]): string | null {
  const wished = wishes.find((wish) => models.some(({ id }) => id === wish));
  return wished ?? (models.find((model) => model.is_default) ?? models[0])?.id ?? null;
}
