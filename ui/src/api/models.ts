/** What can be asked. */
import { queryOptions } from "@tanstack/react-query";
import { call, client } from "./client";

export const modelsQuery = queryOptions({
  queryKey: ["models"],
  queryFn: async () => (await call(client.GET("/api/models/"))).items,
  staleTime: 60_000,
});
